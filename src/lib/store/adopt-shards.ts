import path from 'node:path';
import { emptyBitmap } from './bitmap.js';
import { PUBLISHED, ROWS_PER_LOCATION, setMetaValue } from './schema.js';
import type { KeptIdentity } from './seal.js';
import { ReadBuffer, ShardFile } from './shard-file.js';
import { ShardDamagedError } from './shard-format.js';
import type { Sqlite } from './sqlite.js';

/**
 * Takes the shards of a database that was lost into a new one, within the caller's transaction: each has its vectors'
 * keys, and a text whose key is known is not embedded again. Returns how many vectors. What is damaged of them the next
 * `heal` finds; a shard that cannot be read at all is left to the sweep.
 */
export function adoptShards(database: Sqlite, vectorsDir: string, kept: KeptIdentity): number {
  setMetaValue(database, 'identity', JSON.stringify(kept.identity));
  if (kept.modelFile !== null) setMetaValue(database, 'modelFile', JSON.stringify(kept.modelFile));
  setMetaValue(database, 'generation', kept.generation + 1);
  const buffer = new ReadBuffer();
  let adopted = 0;
  for (const folder of kept.shards) {
    const keys = keysOf(path.join(vectorsDir, folder), kept.identity.dimensions, buffer);
    if (keys === undefined) continue;
    const shard = database.insert(
      'insert into shards(folder, rows, live) values (?, ?, ?)',
      folder,
      keys.length,
      emptyBitmap(keys.length),
    );
    keys.forEach((key, row) => {
      const location = shard * ROWS_PER_LOCATION + row;
      adopted += database.run(
        `insert or ignore into embeddings(key, uses, state, location, orphaned_at) values (?, 0, ${PUBLISHED}, ?, ?)`,
        key,
        location,
        kept.generation,
      );
    });
  }
  return adopted;
}

function keysOf(folder: string, dimensions: number, buffer: ReadBuffer): Buffer[] | undefined {
  try {
    const file = ShardFile.open(folder, buffer);
    try {
      return file.layout.dimensions === dimensions ? file.ids() : undefined;
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof ShardDamagedError) return undefined;
    throw error;
  }
}
