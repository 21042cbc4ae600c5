const LEARNING_TEXTS = 200;
const ROOM_BYTES = 128 * 1024 * 1024;
const TEXTS_OF_A_USEFUL_RECYCLE = 100;

export type MemoryVerdict =
  | 'fine'
  /** Over the limit: a fresh child starts small again. */
  | 'recycle'
  /** Over the limit right after it was recycled: only less work at a time can help. */
  | 'reduce';

/**
 * Watches one embedder's memory. Without a given limit it learns one: twice what the first 200 texts took, plus 128 MB;
 * that differs by model and lanes, and a leak passes it.
 */
export class MemoryGuard {
  readonly #givenLimit: number | null;
  #learned = 0;
  #texts = 0;
  #textsAtRecycle: number | null = null;

  constructor(limitBytes: number | null) {
    this.#givenLimit = limitBytes;
  }

  /** `bytes` is the child's own (anonymous) memory now, `newTexts` how many it embedded since the last look. */
  observe(bytes: number, newTexts: number): MemoryVerdict {
    this.#texts += newTexts;
    if (this.#texts <= LEARNING_TEXTS) this.#learned = Math.max(this.#learned, bytes);
    if (bytes <= this.limitBytes) return 'fine';
    const before = this.#textsAtRecycle;
    this.#textsAtRecycle = this.#texts;
    return before !== null && this.#texts - before < TEXTS_OF_A_USEFUL_RECYCLE ? 'reduce' : 'recycle';
  }

  get limitBytes(): number {
    if (this.#givenLimit !== null) return this.#givenLimit;
    return this.#texts <= LEARNING_TEXTS ? Infinity : 2 * this.#learned + ROOM_BYTES;
  }
}
