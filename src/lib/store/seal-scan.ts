import { BLOCK_BYTES, databaseStamp } from './database-blocks.js';
import { damagedAmong, parseSeal, range, readSealText, type Sums } from './seal.js';

/** A process that reads for hours begins again after this: a disk may fail meanwhile. */
const AGAIN_MILLISECONDS = 10 * 60 * 1000;

/**
 * A disk that changes bits by itself changes no time of a file, so index.db has to be read to find that out: piece by
 * piece, while there is nothing better to do.
 */
export class SealScan {
  readonly #indexDir: string;
  #text: string | undefined;
  #sums: Sums | null = null;
  #next = 0;
  #damaged = 0;
  #endedAt = -Infinity;

  constructor(indexDir: string) {
    this.#indexDir = indexDir;
  }

  /** Blocks that are not what they were when the database was sealed, of those that were read since the scan began. */
  get damaged(): number {
    // Another seal is of another database, or of this one made anew.
    return this.#damaged > 0 && readSealText(this.#indexDir) === this.#text ? this.#damaged : 0;
  }

  /** Reads all of it where it has so many bytes at most. */
  readIfSmall(bytes: number): void {
    this.#guarded(() => {
      if (this.#begin() && this.#sums!.bytes <= bytes) this.#read(bytes);
    });
  }

  /** Reads so many bytes more. False when nothing is left to read, for a while. Never an error: what cannot be read shows when it is needed. */
  next(bytes: number): boolean {
    return this.#guarded(() => this.#read(bytes)) ?? false;
  }

  #guarded<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch {
      this.#sums = null;
      this.#endedAt = performance.now();
      return undefined;
    }
  }

  #read(bytes: number): boolean {
    if (this.#sums === null && !this.#begin()) return false;
    const sums = this.#sums!;
    const end = this.#next + Math.ceil(bytes / BLOCK_BYTES);
    const damaged = damagedAmong(this.#indexDir, sums, range(this.#next, end));
    // A writer has begun: what was read may be its work.
    if (readSealText(this.#indexDir) !== this.#text) {
      this.#sums = null;
      return false;
    }
    this.#damaged += damaged;
    this.#next = end;
    if (end * BLOCK_BYTES < sums.bytes) return true;
    this.#sums = null;
    this.#endedAt = performance.now();
    return false;
  }

  #begin(): boolean {
    const isDue = performance.now() - this.#endedAt >= AGAIN_MILLISECONDS;
    if (!isDue && this.#damaged === 0) return false; // every search asks: no file is read for that
    const text = readSealText(this.#indexDir);
    if (!isDue && text === this.#text) return false;
    this.#text = text;
    this.#damaged = 0;
    const sums = parseSeal(text)?.sums ?? null;
    // Somebody has touched the file: who opens it compares all of it.
    if (sums?.stamp !== databaseStamp(this.#indexDir)) return false;
    this.#sums = sums;
    this.#next = 0;
    return true;
  }
}
