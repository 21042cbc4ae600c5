import fs from 'node:fs';
import path from 'node:path';
import { BLOCK_BYTES } from './database-blocks.js';
import { damagedAmong, type Sums } from './seal.js';

// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
const LOG_HEADER_BYTES = 32;
const PAGE_SIZE_OFFSET = 8;
const FRAME_HEADER_BYTES = 24;
/** From so many pages on SQLite empties the log by itself, and begins it again (its `wal_autocheckpoint`). */
const PAGES_BEFORE_CHECKPOINT = 1_000;

/**
 * Which blocks of index.db a writer changes, so that its seal need not be computed over all of the file. SQLite writes
 * every page into its log first: what stands there is noted each time before the log is emptied.
 */
export class ChangedBlocks {
  readonly #indexDir: string;
  readonly #log: string;
  readonly #sums: Sums | null;
  /** Undefined when some may have been missed. */
  #blocks: Set<number> | undefined;
  #foundDamage = false;

  /** Before the writer's first transaction. `sums`: of a file that has been compared with them, or that nobody has touched since. */
  constructor(indexDir: string, sums: Sums | null) {
    this.#indexDir = indexDir;
    this.#log = path.join(indexDir, 'index.db-wal');
    this.#sums = sums;
    this.#blocks = sums !== null && this.#logBytes() === 0 ? new Set() : undefined;
  }

  /** Outside a transaction, before anything empties the log. */
  note(): void {
    try {
      this.#note();
    } catch {
      this.#blocks = undefined; // what could not be looked at is read as a whole, or not sealed
    }
  }

  #note(): void {
    const bytes = this.#logBytes();
    if (this.#blocks === undefined || bytes <= LOG_HEADER_BYTES) return;
    const known = this.#blocks;
    const changed = blocksIn(this.#log, bytes, this.#sums!.bytes);
    this.#blocks = changed && new Set([...known, ...changed]);
    if (changed === undefined) return;
    // The file has them as they were still: what a disk spoiled meanwhile must not be sealed with what is new.
    const first = [...changed].filter((block) => !known.has(block)).sort((a, b) => a - b);
    if (damagedAmong(this.#indexDir, this.#sums!, first) > 0) this.#foundDamage = true;
  }

  /** Was a block that has been changed not what it had been sealed as? */
  get foundDamage(): boolean {
    return this.#foundDamage;
  }

  /** What to make the next seal from; undefined where all of the file has to be read for it. After `note`. */
  get sinceSeal(): { sums: Sums; changed: ReadonlySet<number> } | undefined {
    return this.#blocks && { sums: this.#sums!, changed: this.#blocks };
  }

  #logBytes(): number {
    return fs.statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** The blocks that the pages of a log lie in, those of transactions that were given up too; undefined where it may have been begun again, or the file became shorter. */
function blocksIn(log: string, bytes: number, sealedBytes: number): Set<number> | undefined {
  // No lock of SQLite is on this file, so it may be closed again.
  const descriptor = fs.openSync(log, 'r');
  try {
    const header = Buffer.alloc(LOG_HEADER_BYTES);
    fs.readSync(descriptor, header, 0, LOG_HEADER_BYTES, 0);
    const pageBytes = header.readUInt32BE(PAGE_SIZE_OFFSET);
    const frameBytes = FRAME_HEADER_BYTES + pageBytes;
    const frames = Math.ceil((bytes - LOG_HEADER_BYTES) / frameBytes);
    if (pageBytes === 0 || frames >= PAGES_BEFORE_CHECKPOINT) return undefined;
    const blocks = new Set<number>();
    for (let frame = 0; frame < frames; frame++) {
      fs.readSync(descriptor, header, 0, FRAME_HEADER_BYTES, LOG_HEADER_BYTES + frame * frameBytes);
      const pagesAfter = header.readUInt32BE(4); // of a frame that ends a transaction
      // The block in which a file that became shorter ends has changed, and stands in no log.
      if (pagesAfter > 0 && pagesAfter * pageBytes < sealedBytes) return undefined;
      blocks.add(Math.floor(((header.readUInt32BE(0) - 1) * pageBytes) / BLOCK_BYTES));
    }
    return blocks;
  } finally {
    fs.closeSync(descriptor);
  }
}
