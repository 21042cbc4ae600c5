import fs from 'node:fs';
import path from 'node:path';

export const BLOCK_BYTES = 64 * 1024;

export function databaseFile(indexDir: string): string {
  return path.join(indexDir, 'index.db');
}

/** What the file system says of index.db: while it is the same, nobody but a failing disk has touched the file. */
export function databaseStamp(indexDir: string): string {
  const { size, mtimeNs, ctimeNs, ino } = statOf(indexDir);
  return [size, mtimeNs, ctimeNs, ino].join(' ');
}

/** bytes */
export function databaseSize(indexDir: string): number {
  return Number(statOf(indexDir).size);
}

/** index.db as it is on the disk, in blocks of 64 KB; each is overwritten by the next. */
export class DatabaseBlocks {
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);

  constructor(indexDir: string) {
    this.#descriptor = descriptorOf(indexDir);
  }

  /** The last one may be shorter; one behind it is empty. */
  read(block: number): Buffer {
    let filled = 0;
    while (filled < BLOCK_BYTES) {
      const offset = block * BLOCK_BYTES + filled;
      const read = fs.readSync(this.#descriptor, this.#buffer, filled, BLOCK_BYTES - filled, offset);
      if (read === 0) break;
      filled += read;
    }
    return this.#buffer.subarray(0, filled);
  }
}

/**
 * Open for as long as this process lives or until the file is deleted: when any descriptor of a file is closed, the
 * system forgets all locks that the process has on it (fcntl), those of SQLite's own connections too.
 */
const descriptors = new Map<string, number>();

function descriptorOf(indexDir: string): number {
  closeThoseOfDeletedFiles();
  const { dev, ino } = statOf(indexDir);
  const key = `${dev} ${ino}`;
  const descriptor = descriptors.get(key) ?? fs.openSync(databaseFile(indexDir), 'r');
  descriptors.set(key, descriptor);
  return descriptor;
}

function closeThoseOfDeletedFiles(): void {
  for (const [key, descriptor] of descriptors) {
    if (fs.fstatSync(descriptor).nlink > 0) continue;
    fs.closeSync(descriptor);
    descriptors.delete(key);
  }
}

function statOf(indexDir: string): fs.BigIntStats {
  return fs.statSync(databaseFile(indexDir), { bigint: true });
}
