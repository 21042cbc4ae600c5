import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { collectGarbage } from '../memory/collect-garbage.js';
import { emptyBitmap, setBit } from './bitmap.js';
import { listOf } from './list-of.js';
import { PENDING, PUBLISHED, ROWS_PER_LOCATION, STAGED } from './schema.js';
import { ReadBuffer, ShardFile } from './shard-file.js';
import { ShardDamagedError } from './shard-format.js';
import type { ShardWriter } from './shard-writer.js';
import { bytesOfHex, type WriterContext } from './writer-context.js';

/** Single precision, and what a model's own rounding leaves. */
const NORM_TOLERANCE = 1e-3;
const STAGED_PER_PAGE = 100;
const PAGES_PER_COLLECTION = 5;

/** Within a transaction. Texts that are gone or have their vector already are passed over. */
export function stageVectors(
  context: WriterContext,
  vectors: readonly { readonly key: string; readonly vector: Float32Array }[],
  dimensions: number,
): void {
  const { database } = context;
  for (const { key, vector } of vectors) {
    checkVector(vector, dimensions);
    const [id] = database.get(
      `update embeddings set state = ${STAGED}, problem = null
        where key = ? and state not in (${STAGED}, ${PUBLISHED}) returning id`,
      bytesOfHex(key),
    ) ?? [undefined];
    if (id !== undefined) stage(context, id as number, vector);
  }
}

/** Writes shards of what is staged: full ones, or all that there is. Resolves to how many. */
export async function publishShards(
  context: WriterContext,
  writer: ShardWriter,
  all: boolean,
): Promise<number> {
  for (let written = 0; ; written++) {
    const staged = context.database.get('select count(*) from staged')![0] as number;
    if (staged === 0 || (staged < writer.rows && !all)) return written;
    await publishShard(context, writer, Math.min(staged, writer.rows));
    await context.onPublished();
  }
}

/**
 * Takes a shard apart: its vectors go back to staging, to be published again with others. What is damaged has to
 * be embedded again. Returns how many texts that concerns.
 */
export function repackShard(context: WriterContext, shard: number, folder: string): number {
  const { database } = context;
  const first = shard * ROWS_PER_LOCATION;
  return context.write(() => {
    const named = database.all(
      'select id, location, uses from embeddings where location between ? and ? order by location',
      first,
      first + ROWS_PER_LOCATION - 1,
    ) as [id: number, location: number, uses: number][];
    const vectors = readSound(
      path.join(context.vectorsDir, folder),
      named.map(([, location]) => location - first),
    );
    let lost = 0;
    for (const [id, location, uses] of named) {
      const vector = vectors.get(location - first);
      const state = vector === undefined ? PENDING : STAGED;
      database.run('update embeddings set state = ?, location = null where id = ?', state, id);
      if (vector !== undefined) stage(context, id, vector);
      else if (uses > 0) lost++;
      else database.run('delete from embeddings where id = ?', id);
    }
    database.run('delete from shards where id = ?', shard);
    // Fault point: shard taken apart
    return lost;
  });
}

async function publishShard(context: WriterContext, writer: ShardWriter, count: number): Promise<void> {
  const { database } = context;
  const ids: number[] = [];
  writer.begin(count);
  // In small pages: each blob of a page is memory of its own until the garbage is collected.
  for (let pages = 1; ids.length < count; pages++) {
    const page = database.all(
      `select e.id, e.key, s.vector from staged s cross join embeddings e on e.id = s.embedding_id
        where s.embedding_id > ? order by s.embedding_id limit ?`,
      ids.at(-1) ?? 0,
      Math.min(STAGED_PER_PAGE, count - ids.length),
    ) as [id: number, key: Buffer, vector: Buffer][];
    if (page.length === 0) break;
    for (const [id, key, vector] of page) {
      writer.add(key.toString('hex'), vector);
      ids.push(id);
    }
    if (pages % PAGES_PER_COLLECTION > 0) continue;
    await nextTurn();
    collectGarbage();
  }
  const folder = await writer.write();
  context.write(() => {
    const live = emptyBitmap(ids.length);
    const [shard] = database.get(
      'insert into shards(folder, rows, live) values (?, ?, ?) returning id',
      folder,
      ids.length,
      live,
    ) as [number];
    // All at once: libsql keeps about a kilobyte of each call until the event loop turns.
    const first = shard * ROWS_PER_LOCATION;
    const published = JSON.stringify(ids);
    // The text of one may have gone while the shard was being written.
    database.run(
      `update embeddings set state = ${PUBLISHED}, location = ? + staged.key
         from (select key, value from json_each(?)) staged
        where embeddings.id = staged.value and state = ${STAGED}`,
      first,
      published,
    );
    const used = listOf<number>(
      database,
      'select json_group_array(location) from embeddings where location between ? and ? and uses > 0',
      first,
      first + ids.length - 1,
    );
    for (const location of used) setBit(live, location - first, true);
    database.run('delete from staged where embedding_id in (select value from json_each(?))', published);
    // Fault point: shard named
    database.run('update shards set live = ? where id = ?', live, shard);
  });
}

function stage(context: WriterContext, embeddingId: number, vector: Float32Array): void {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  context.database.run('insert into staged values (?, ?)', embeddingId, bytes);
}

function readSound(folder: string, rows: readonly number[]): Map<number, Float32Array> {
  const vectors = new Map<number, Float32Array>();
  try {
    const file = ShardFile.open(folder, new ReadBuffer());
    try {
      file.readRows(rows, (row, floats, start) => {
        vectors.set(row, floats.slice(start, start + file.layout.dimensions));
      });
    } finally {
      file.close();
    }
  } catch (error) {
    if (!(error instanceof ShardDamagedError)) throw error;
  }
  return vectors;
}

function checkVector(vector: Float32Array, dimensions: number): void {
  if (vector.length !== dimensions)
    throw new Error(`a vector of ${vector.length} numbers for an index of ${dimensions}`);
  let squares = 0;
  for (const value of vector) squares += value * value;
  if (!(Math.abs(Math.sqrt(squares) - 1) <= NORM_TOLERANCE))
    throw new Error(`a vector of norm ${Math.sqrt(squares)} instead of 1`);
}
