import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { asUserError } from '../errors.js';
import { durableFiles, syncFolder } from './durable-files.js';
import { shardCodec } from './shard-codec.js';
import { SHARD_FILE } from './shard-format.js';

export const TEMPORARY_PREFIX = 'tmp-';

const SHARD_ROWS = 2000;
const SHARD_BYTES = 8 * 1024 * 1024;

/** How many vectors make a full shard: few enough that one can be held in memory while it is written. */
function rowsPerShard(dimensions: number): number {
  return Math.max(1, Math.min(SHARD_ROWS, Math.floor(SHARD_BYTES / (dimensions * 4))));
}

/** Makes shards of up to `rowsPerShard` vectors; its two buffers, the vectors and the file, serve for all of them. */
export class ShardWriter {
  readonly rows: number;
  readonly dimensions: number;
  readonly #vectorsDir: string;
  readonly #vectors: Float32Array;
  readonly #ids: string[] = [];
  readonly #codec = shardCodec();

  constructor(vectorsDir: string, dimensions: number) {
    this.rows = rowsPerShard(dimensions);
    this.#vectorsDir = vectorsDir;
    this.dimensions = dimensions;
    this.#vectors = new Float32Array(this.rows * dimensions);
  }

  /** Takes a copy of the vector's bytes. */
  add(id: string, vector: Buffer): void {
    const start = this.#ids.push(id) - 1;
    new Uint8Array(this.#vectors.buffer).set(vector, start * this.dimensions * 4);
  }

  /**
   * Publishes what was added as a vectra index of its own, under a name that was never used before. Resolves to the
   * folder's name, when it is on the disk. Until SQLite names it, it is nobody's, and the next sweep takes it.
   */
  async write(): Promise<string> {
    const { LocalIndex } = await import('./vectra-bundle.js');
    const name = randomBytes(8).toString('hex');
    const temporary = path.join(this.#vectorsDir, TEMPORARY_PREFIX + name);
    // vectra makes a new error of what the storage throws, and the system's code (a full disk) would be lost.
    let failure: unknown;
    const storage = {
      ...durableFiles,
      upsertFile: (file: string, content: Buffer | string) =>
        durableFiles.upsertFile(file, content).catch((error: unknown) => {
          failure = error;
          throw error;
        }),
    };
    try {
      const index = new LocalIndex(temporary, SHARD_FILE, storage, this.#codec);
      await index.createIndex();
      await index.batchInsertItems(this.#ids.map((id, row) => ({ id, vector: this.#vectorOf(row) })));
      await fs.rename(temporary, path.join(this.#vectorsDir, name));
      await syncFolder(this.#vectorsDir);
      return name;
    } catch (error) {
      await fs.rm(temporary, { recursive: true, force: true });
      throw asUserError(failure ?? error, `Cannot write a shard in ${this.#vectorsDir}`);
    } finally {
      this.#ids.length = 0;
    }
  }

  #vectorOf(row: number): Float32Array {
    return this.#vectors.subarray(row * this.dimensions, (row + 1) * this.dimensions);
  }
}
