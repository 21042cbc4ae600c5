import fs from 'node:fs/promises';
import path from 'node:path';
import { ROWS_PER_LOCATION } from './schema.js';
import { shardIsSound } from './shard-check.js';
import { ReadBuffer } from './shard-file.js';
import { type ShardWriter, TEMPORARY_PREFIX } from './shard-writer.js';
import { publishShards, repackShard } from './vector-writes.js';
import { tidyWords } from './tidy-words.js';
import type { WriterContext } from './writer-context.js';

/** Vectors of texts that are gone stay for the next branch switch: up to this share of the others, or these bytes. */
const KEPT_SHARE = 0.25;
const KEPT_BYTES = 16 * 1024 * 1024; // Fault build: 16 * 1024
/** So many small shards are merged: each incremental run may leave one. */
const MERGE_AT = 8;

/** See StoreWriter.sweep. */
export async function sweep(context: WriterContext, writer: ShardWriter | undefined): Promise<void> {
  if (writer !== undefined) {
    forgetOldest(context, writer.dimensions);
    for (const [shard, folder] of shardsToRepack(context, writer.rows)) {
      repackShard(context, shard, folder);
      await publishShards(context, writer, false);
    }
    await publishShards(context, writer, true);
  }
  // Fault point: shards merged
  await tidyWords(context);
  giveBackPages(context);
  // Fault point: pages given back
  await removeUnnamedShards(context);
}

/** See StoreWriter.heal; `thorough` false looks at each shard's head only, which shows what is missing or cut off. */
export function heal(context: WriterContext, thorough: boolean): number {
  const buffer = new ReadBuffer();
  let lost = 0;
  for (const [shard, folder, rows] of context.database.all('select id, folder, rows from shards')) {
    if (!shardIsSound(path.join(context.vectorsDir, folder as string), rows as number, thorough, buffer))
      lost += repackShard(context, shard as number, folder as string);
  }
  return lost;
}

/**
 * Removes the folders that the current generation does not name. A reader of an older one may still need them:
 * truncating the log succeeds only when no such reader lives (its read transaction is a lock of the system, which
 * a killed process cannot leave behind), and makes sure that the generation that does without them is on the disk.
 */
export async function removeUnnamedShards(context: WriterContext): Promise<void> {
  const { database, vectorsDir } = context;
  const named = new Set(database.all('select folder from shards').map((row) => row[0] as string));
  const folders = await fs.readdir(vectorsDir);
  const unnamed = folders.filter((folder) => !named.has(folder));
  if (unnamed.length === 0) return;
  const removable = truncateLog(context)
    ? unnamed
    : unnamed.filter((folder) => folder.startsWith(TEMPORARY_PREFIX));
  for (const folder of removable) {
    // Fault point: shard to be removed
    await fs.rm(path.join(vectorsDir, folder), { recursive: true, force: true });
  }
}

/** False while a reader holds on to what is in the log (does not wait for it), or a rebuild has not committed yet. */
export function truncateLog({ database, changed }: WriterContext): boolean {
  if (database.inTransaction) return false;
  changed.note();
  const timeout = database.get('pragma busy_timeout')![0] as number;
  database.exec('pragma busy_timeout = 0');
  try {
    return database.get('pragma wal_checkpoint(truncate)')![0] === 0;
  } finally {
    database.exec(`pragma busy_timeout = ${timeout}`);
  }
}

function forgetOldest(context: WriterContext, dimensions: number): void {
  const { database } = context;
  const unused = database.get('select count(*) from embeddings where uses = 0')![0] as number;
  const used = (database.get('select count(*) from embeddings')![0] as number) - unused;
  const surplus = unused - Math.max(used * KEPT_SHARE, Math.floor(KEPT_BYTES / (dimensions * 4)));
  if (surplus <= 0) return;
  context.write(() => {
    const oldest = 'select id from embeddings where uses = 0 order by orphaned_at, id limit ?1';
    database.run(`delete from staged where embedding_id in (${oldest})`, Math.ceil(surplus));
    // Fault point: staged vectors forgotten
    database.run(`delete from embeddings where id in (${oldest})`, Math.ceil(surplus));
  });
}

/** Shards of which more than half is gone, and small ones when they have become many. */
function shardsToRepack(context: WriterContext, fullRows: number): [id: number, folder: string][] {
  const shards = context.database.all(
    `select s.id, s.folder, s.rows,
        (select count(*) from embeddings
          where location between s.id * ${ROWS_PER_LOCATION} and (s.id + 1) * ${ROWS_PER_LOCATION} - 1)
       from shards s order by s.id`,
  ) as [id: number, folder: string, rows: number, named: number][];
  const sparse = shards.filter(([, , rows, named]) => named * 2 < rows);
  const small = shards.filter(([, , rows, named]) => named * 2 >= rows && rows * 2 < fullRows);
  return [...sparse, ...(small.length >= MERGE_AT ? small : [])].map(([id, folder]) => [id, folder]);
}

function giveBackPages({ database }: WriterContext): void {
  const free = database.get('pragma freelist_count')![0] as number;
  const pages = database.get('pragma page_count')![0] as number;
  if (free * 16 > pages) database.exec('pragma incremental_vacuum');
}
