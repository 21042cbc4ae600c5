import path from 'node:path';
import { INDEX_FOLDER } from '../config.js';
import { walk } from '../corpus/walk.js';
import { sameStat } from '../store/same-stat.js';
import type { StoreReader } from '../store/types.js';

/** How far the files on disk have moved away from the index, by size, mtime and inode alone. */
export interface Staleness {
  readonly changed: number;
  readonly added: number;
  readonly removed: number;
}

/** Walks the folder by the rules of the last run and compares it with the index; reads no file. */
export async function measureStaleness(
  reader: StoreReader,
  root: string,
  indexDir: string,
  signal?: AbortSignal,
): Promise<Staleness> {
  let changed = 0;
  let added = 0;
  let present = 0;
  const leftOut = new Set<string>();
  for (const problem of reader.problems()) if (problem.startLine === undefined) leftOut.add(problem.path);
  const neverEnter = [indexDir, path.join(root, INDEX_FOLDER)];
  for await (const entry of walk({ ...reader.lastRun?.walk, root, neverEnter })) {
    signal?.throwIfAborted();
    if (entry.kind === 'skipped') continue;
    const known = reader.fileByPath(entry.path);
    if (known) present += 1;
    if (known && !sameStat(known, entry)) changed += 1;
    else if (!known && !leftOut.has(entry.path)) added += 1;
  }
  return { changed, added, removed: reader.counts().files - present };
}
