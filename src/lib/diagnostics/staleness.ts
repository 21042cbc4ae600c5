import { compareFiles, type Difference } from '../indexing/compare-files.js';
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
  const stale = { changed: 0, added: 0, removed: 0 };
  // As a run does: what it would take in is new.
  const walk = { ...reader.lastRun?.walk, root, neverEnter: [indexDir] };
  for await (const difference of compareFiles(reader, walk)) {
    signal?.throwIfAborted();
    tally(difference, stale);
  }
  return stale;
}

/** Counts one difference. */
export function tally(difference: Difference, stale: { -readonly [Each in keyof Staleness]: number }): void {
  if (difference.kind === 'gone') stale.removed += 1;
  if (difference.kind !== 'look') return;
  if (difference.known === 'changed') stale.changed += 1;
  else if (difference.known === 'no' && !difference.isLeftOut) stale.added += 1;
}
