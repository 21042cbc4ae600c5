import { chmodSync, lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { openLocalStore } from '../store/local-store.js';
import type { StoreReader, WalkSettings } from '../store/types.js';
import { sweepSessions } from './sessions.js';

/** Brings an index up to date by the rules of its last run, which embeds damaged vectors again. */
type IndexAgain = (
  root: string,
  walk: WalkSettings,
) => Promise<{ readonly embedded: number; readonly notes: readonly string[] }>;

/** Mends what loses nothing and says what was done. What it cannot mend is left to the checks to tell. */
export async function repair(
  index: { readonly indexDir: string; readonly root?: string },
  indexAgain: IndexAgain,
): Promise<string[]> {
  const { indexDir } = index;
  const done: string[] = [];
  const opened = await giveOwnerAccess(indexDir);
  if (opened > 0) done.push(`access of the owner to ${opened} files of the index`);
  const swept = await sweepSessions(indexDir);
  if (swept > 0) done.push(`${swept} leftovers of killed commands removed`);
  try {
    const { root, walk, note } = await lastRunOf(index);
    const { embedded, notes } = await indexAgain(root, walk);
    done.push(...notes, ...note);
    if (embedded > 0) done.push(`${embedded} chunks embedded`);
  } catch (error) {
    if (!(error instanceof EmbedSearchError) || error.exitCode >= 128) throw error;
    done.push(`not the index: ${error.message}`);
  }
  return done;
}

/** A damaged database cannot tell; a run makes it anew and keeps the vectors. */
async function lastRunOf({
  indexDir,
  root,
}: {
  readonly indexDir: string;
  readonly root?: string;
}): Promise<{ root: string; walk: WalkSettings; note: string[] }> {
  let reader: StoreReader;
  try {
    reader = await openLocalStore(indexDir).openReader();
  } catch (error) {
    const isDamaged = error instanceof EmbedSearchError && error.code === 'INDEX_DAMAGED';
    if (!isDamaged || root === undefined) throw error;
    return {
      root,
      walk: {},
      note: ['the last run’s --include, --exclude and --max-file-size are forgotten'],
    };
  }
  try {
    return { root: root ?? reader.root, walk: reader.lastRun?.walk ?? {}, note: [] };
  } finally {
    reader.close();
  }
}

/** Files of an index are its owner's to read and write; a folder is opened before what is in it. */
async function giveOwnerAccess(place: string): Promise<number> {
  const stat = lstatSync(place);
  if (stat.uid !== process.getuid?.() || stat.isSymbolicLink()) return 0;
  const mode = stat.isDirectory() ? 0o700 : 0o600;
  let opened = 0;
  if ((stat.mode & mode) !== mode) {
    chmodSync(place, stat.mode | mode);
    opened++;
  }
  if (!stat.isDirectory()) return opened;
  for (const name of await readdir(place)) opened += await giveOwnerAccess(path.join(place, name));
  return opened;
}
