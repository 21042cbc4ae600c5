import type { StoreReader } from '../store/types.js';

/** Work that starts while other work runs joins its generation, but not longer than this after that began. */
const JOINED_MILLISECONDS = 1_000;

/**
 * A reader for a process that lives long: each piece of work runs in one generation, the newest when it starts. In
 * between none is held, since that keeps SQLite's log from being started anew and removed shards on the disk.
 */
export class NewestGeneration {
  readonly #onRenewed: (reader: StoreReader) => void;
  #reader: StoreReader;
  #uses = 0;
  #usedSince = 0;
  #unused: Promise<void> | undefined;
  #noteUnused: (() => void) | undefined;

  /** `onRenewed` is told of each later generation before any work runs in it. */
  constructor(reader: StoreReader, onRenewed: (reader: StoreReader) => void) {
    this.#reader = reader;
    this.#onRenewed = onRenewed;
    reader.pause();
  }

  /** Of the work that runs now or ran last. Its fields may be read at any time, its methods called within `use` only. */
  get reader(): StoreReader {
    return this.#reader;
  }

  /**
   * Runs `work` in the newest generation, which does not change until it has ended. Not within other work, for which
   * it might wait. Errors: see StoreReader.
   */
  async use<T>(work: (reader: StoreReader) => T | Promise<T>): Promise<T> {
    while (this.#uses > 0 && performance.now() - this.#usedSince > JOINED_MILLISECONDS) {
      this.#unused ??= new Promise((resolve) => (this.#noteUnused = resolve));
      await this.#unused;
    }
    if (this.#uses === 0) this.#begin();
    this.#uses++;
    try {
      return await work(this.#reader);
    } finally {
      if (--this.#uses === 0) this.#end();
    }
  }

  close(): void {
    this.#reader.close();
  }

  #begin(): void {
    const reader = this.#reader.resume();
    this.#usedSince = performance.now();
    if (reader === this.#reader) return;
    this.#reader = reader;
    this.#onRenewed(reader);
  }

  #end(): void {
    try {
      this.#reader.pause();
    } finally {
      // Who waits is woken all the same: the next use says what is wrong.
      this.#noteUnused?.();
      this.#unused = undefined;
    }
  }
}
