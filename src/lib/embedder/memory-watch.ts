import { processMemory } from '../memory.js';
import { MemoryGuard, type MemoryVerdict } from './memory-guard.js';

/** Looks at the memory of a child now and then, and judges it. */
export class MemoryWatch {
  readonly #everyMs: number;
  #guard: MemoryGuard;
  #lookedAt = 0;
  #textsThen = 0;

  constructor(limitBytes: number | null, everyMs: number) {
    this.#guard = new MemoryGuard(limitBytes);
    this.#everyMs = everyMs;
  }

  get limitBytes(): number {
    return this.#guard.limitBytes;
  }

  /** True at most once in the time that it was made for. */
  isDue(): boolean {
    const now = performance.now();
    if (now - this.#lookedAt < this.#everyMs) return false;
    this.#lookedAt = now;
    return true;
  }

  /** `texts` is how many were embedded by all children so far. Fine where the platform gives no figure. */
  look(pid: number, texts: number): MemoryVerdict {
    const newTexts = texts - this.#textsThen;
    this.#textsThen = texts;
    const memory = processMemory(pid);
    const bytes = memory?.anonymousBytes ?? memory?.rssBytes ?? null;
    return bytes === null ? 'fine' : this.#guard.observe(bytes, newTexts);
  }

  /** The limit cannot be held: no more verdicts. */
  giveUp(): void {
    this.#guard = new MemoryGuard(Infinity);
  }
}
