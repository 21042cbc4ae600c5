import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import { durableFiles, syncFolder } from './durable-files.js';
import { shardCodec } from './shard-codec.js';
import { SHARD_FILE } from './shard-format.js';

export const TEMPORARY_PREFIX = 'tmp-';

const SHARD_ROWS = 2000;
const SHARD_BYTES = 8 * 1024 * 1024;

/** How many vectors make a full shard: few enough that one can be held in memory while it is written. */
export function rowsPerShard(dimensions: number): number {
  return Math.max(1, Math.min(SHARD_ROWS, Math.floor(SHARD_BYTES / (dimensions * 4))));
}

/**
 * Writes a vectra index of its own for `items` (their order is the rows') and publishes it under a name that was
 * never used before. Resolves to the folder's name, when the shard is on the disk. Until SQLite names it, it is
 * nobody's, and the next sweep takes it.
 */
export async function writeShard(
  vectorsDir: string,
  items: readonly { readonly id: string; readonly vector: Float32Array }[],
): Promise<string> {
  const { LocalIndex } = await import('./vectra-local-index.js');
  const name = randomBytes(8).toString('hex');
  const temporary = path.join(vectorsDir, TEMPORARY_PREFIX + name);
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
    const index = new LocalIndex(temporary, SHARD_FILE, storage, shardCodec);
    await index.createIndex();
    await index.batchInsertItems(items);
    await fs.rename(temporary, path.join(vectorsDir, name));
    await syncFolder(vectorsDir);
    return name;
  } catch (error) {
    await fs.rm(temporary, { recursive: true, force: true });
    throw failure ?? error;
  }
}
