import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { asUserError } from '../errors.js';
import { durableFiles, syncFolder } from './durable-files.js';
import { shardCodec } from './shard-codec.js';
import { SHARD_FILE, type ShardLayout, shardLayout } from './shard-format.js';

export const TEMPORARY_PREFIX = 'tmp-';

const SHARD_ROWS = 2000; // Fault build: 60
const SHARD_BYTES = 8 * 1024 * 1024;

/** How many vectors make a full shard: few enough that one can be held in memory while it is written. */
function rowsPerShard(dimensions: number): number {
  return Math.max(1, Math.min(SHARD_ROWS, Math.floor(SHARD_BYTES / (dimensions * 4))));
}

/** Makes shards of up to `rowsPerShard` vectors, each in the buffer that is written then. */
export class ShardWriter {
  /** The most that `begin` takes. */
  readonly rows: number;
  readonly dimensions: number;
  readonly #vectorsDir: string;
  readonly #ids: string[] = [];
  readonly #codec = shardCodec((bytes) => this.#file.subarray(0, bytes));
  #file = Buffer.alloc(0);
  #count = 0;
  #layout: ShardLayout | undefined;

  constructor(vectorsDir: string, dimensions: number) {
    this.rows = rowsPerShard(dimensions);
    this.#vectorsDir = vectorsDir;
    this.dimensions = dimensions;
  }

  /** A shard of so many vectors, which are added next. */
  begin(count: number): void {
    this.#ids.length = 0;
    this.#count = count;
    this.#layout = undefined;
  }

  /** Takes a copy of the vector's bytes. */
  add(id: string, vector: Buffer): void {
    this.#layout ??= this.#makeLayout(id);
    const row = this.#ids.push(id) - 1;
    this.#file.set(vector, this.#layout.rowsOffset + row * this.#layout.rowBytes);
  }

  /**
   * Publishes what was added as a vectra index of its own, under a name that was never used before. Resolves to the
   * folder's name, when it is on the disk. Until SQLite names it, it is nobody's, and the next sweep takes it.
   */
  async write(): Promise<string> {
    if (this.#ids.length !== this.#count)
      throw new Error(`${this.#ids.length} vectors for a shard of ${this.#count}`);
    const { LocalIndex } = await import('./vectra-bundle.js');
    const name = randomBytes(8).toString('hex');
    const temporary = path.join(this.#vectorsDir, TEMPORARY_PREFIX + name);
    // vectra makes a new error of what the storage throws, and the system's code (a full disk) would be lost.
    let failure: unknown;
    const remember = (error: unknown): never => {
      failure = error;
      throw error;
    };
    const storage = {
      ...durableFiles,
      createFolder: (folder: string) => durableFiles.createFolder(folder).catch(remember),
      upsertFile: (file: string, content: Buffer | string) =>
        durableFiles.upsertFile(file, content).catch(remember),
    };
    try {
      const index = new LocalIndex(temporary, SHARD_FILE, storage, this.#codec);
      await index.createIndex();
      await index.batchInsertItems(this.#ids.map((id, row) => ({ id, vector: this.#vectorOf(row) })));
      // Fault point: shard written
      await fs.rename(temporary, path.join(this.#vectorsDir, name));
      // Fault point: shard renamed
      await syncFolder(this.#vectorsDir);
      // Fault point: shard synced
      return name;
    } catch (error) {
      await fs.rm(temporary, { recursive: true, force: true });
      throw asUserError(failure ?? error, `Cannot write a shard in ${this.#vectorsDir}`);
    }
  }

  #makeLayout(id: string): ShardLayout {
    const shape = { dimensions: this.dimensions, rows: this.#count, idBytes: id.length / 2, indexVersion: 0 };
    const layout = shardLayout(shape);
    if (this.#file.length < layout.fileBytes) this.#file = Buffer.from(new ArrayBuffer(layout.fileBytes));
    return layout;
  }

  /** Where the file will have it. */
  #vectorOf(row: number): Float32Array {
    const { rowsOffset, rowBytes } = this.#layout!;
    return new Float32Array(this.#file.buffer, rowsOffset + row * rowBytes, this.dimensions);
  }
}
