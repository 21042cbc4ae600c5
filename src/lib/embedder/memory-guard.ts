const TEXTS_OF_A_USEFUL_RECYCLE = 100;

export type MemoryVerdict =
  | 'fine'
  /** Over the limit: a fresh child starts small again. */
  | 'recycle'
  /** Over the limit right after it was recycled: only less work at a time can help. */
  | 'reduce';

/** Judges what an embedder takes of memory, from its first text on. */
export class MemoryGuard {
  #texts = 0;
  #textsAtRecycle: number | null = null;

  /** `bytes` is the child's own (anonymous) memory now, `newTexts` how many it embedded since the last look. */
  observe(bytes: number, newTexts: number, limitBytes: number): MemoryVerdict {
    this.#texts += newTexts;
    if (bytes <= limitBytes) return 'fine';
    const before = this.#textsAtRecycle;
    this.#textsAtRecycle = this.#texts;
    return before !== null && this.#texts - before < TEXTS_OF_A_USEFUL_RECYCLE ? 'reduce' : 'recycle';
  }
}
