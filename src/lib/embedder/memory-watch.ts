import { type ProcessMemory, processMemory } from '../memory.js';
import { MemoryGuard, type MemoryVerdict } from './memory-guard.js';

/** Looks at the memory of a child now and then, and judges it. */
export class MemoryWatch {
  readonly #everyMs: number;
  readonly #guard = new MemoryGuard();
  #least = 0;
  #last = 0;
  #lookedAt = 0;
  #textsThen = 0;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** True at most once in the time that it was made for. */
  isDue(): boolean {
    const now = performance.now();
    if (now - this.#lookedAt < this.#everyMs) return false;
    this.#lookedAt = now;
    return true;
  }

  /** `texts` is how many were embedded by all children so far. Fine where the platform gives no figure. */
  look(
    pid: number,
    texts: number,
    limit: { readonly bytes: number; readonly modelBytes: number },
  ): MemoryVerdict {
    const newTexts = texts - this.#textsThen;
    this.#textsThen = texts;
    const bytes = ownBytes(processMemory(pid), limit.modelBytes);
    if (bytes === null) return 'fine';
    this.#last = bytes;
    return this.#guard.observe(bytes, newTexts, Math.max(limit.bytes, this.#least));
  }

  /** The limit cannot be held: from now on twice what was there last, so that a leak still has an end. Gives the bytes. */
  raise(): number {
    this.#least = 2 * this.#last;
    return this.#least;
  }
}

/** Where a platform tells only the whole, the mapped model is most of what is not the child's own. */
export function ownBytes(memory: ProcessMemory | null, modelBytes: number): number | null {
  if (memory === null) return null;
  return (
    memory.anonymousBytes ?? (memory.rssBytes === null ? null : Math.max(0, memory.rssBytes - modelBytes))
  );
}
