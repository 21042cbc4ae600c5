import { lstatSync } from 'node:fs';
import path from 'node:path';
import { compareFiles } from '../indexing/compare-files.js';
import type { PathRange, StoreReader } from '../store/types.js';
import { type Staleness, tally } from './staleness.js';

/** How many files of a folder are in the index, and how far they have moved away from it. */
export interface FolderFiles extends Staleness {
  readonly indexed: number;
  /** Entries that the walk passes over; what an ignored folder holds counts as one. */
  readonly leftOut: number;
}

/** Where a folder is, and by what it was indexed. */
export interface FolderPlace {
  readonly root: string;
  readonly indexDir: string;
  /** Relative to the root, with `/`; '' for the root itself. */
  readonly inside: string;
  readonly signal: AbortSignal | undefined;
}

/** On disk, or in the index alone. A link to a folder is none: a run does not follow it. */
export function isFolder(reader: StoreReader, { root, inside }: FolderPlace): boolean {
  const stat = lstatSync(path.join(root, inside), { throwIfNoEntry: false });
  if (stat !== undefined) return stat.isDirectory();
  for (const _ of reader.knownFiles(rangeOf(inside))) return true;
  return false;
}

/** The files of a folder, by the rules of the last run, and, where the folder itself is left out, what is with its reason. */
export async function folderFiles(
  reader: StoreReader,
  { root, indexDir, inside, signal }: FolderPlace,
): Promise<{
  files: FolderFiles;
  leftOut: { readonly path: string; readonly reason: string; readonly detail?: string } | undefined;
}> {
  let indexed = 0;
  for (const _ of reader.knownFiles(rangeOf(inside))) indexed += 1;
  const only = inside === '' ? {} : { only: [inside] };
  const walk = { ...reader.lastRun?.walk, root, neverEnter: [indexDir], ...only };
  const stale = { changed: 0, added: 0, removed: 0 };
  let leftOut = 0;
  let whole;
  for await (const difference of compareFiles(reader, walk)) {
    signal?.throwIfAborted();
    tally(difference, stale);
    if (difference.kind === 'left-out') {
      const { entry } = difference;
      if (entry.path.endsWith('/') && `${inside}/`.startsWith(entry.path)) whole = entry;
      else leftOut += 1;
    } else if (difference.kind === 'look' && difference.isLeftOut) leftOut += 1;
  }
  return { files: { indexed, leftOut, ...stale }, leftOut: whole };
}

/** `0` is the character after `/`. */
function rangeOf(folder: string): PathRange {
  return folder === '' ? { from: '', to: '\u{10FFFF}' } : { from: `${folder}/`, to: `${folder}0` };
}
