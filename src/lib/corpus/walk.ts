import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asUserError, EmbedSearchError } from '../errors.js';
import {
  type EntryRules,
  examine,
  type FolderToEnter,
  type ParentFolder,
  undecodable,
} from './examine-entry.js';
import { globMatcher } from './globs.js';
import { enter, rootStack } from './ignore-stack.js';
import { markedAs } from './left-out-names.js';
import { bareName, listedNames } from './listed-names.js';
import { PartOfTree } from './part-of-tree.js';
import { isOutOfDescriptors } from './read-small-file.js';
import { realPathOf, realRootOf } from './real-paths.js';
import { notReadable, skipped } from './skipped-entry.js';
import type { SkippedEntry, WalkEntry, WalkOptions } from './types.js';

/**
 * Bytes. Text that people write is smaller; what is larger is mostly data, a dump or a bundle. A file is held in memory
 * whole while it is cut: the host's peak over text of words that never repeat was 96 MB with files of this size, 120 MB
 * with files of 1 MiB.
 */
export const DEFAULT_MAX_FILE_SIZE = 256 * 1024;

// Looking at an entry is a synchronous call of a few microseconds; between so many the event loop gets its turn.
const ENTRIES_PER_TURN = 256;

interface Folder extends ParentFolder {
  /** Those of folders end with `/`. */
  readonly names: readonly string[];
  /** Index into `names`. */
  next: number;
}

interface Walk extends EntryRules {
  readonly root: string;
  readonly neverEnter: ReadonlySet<string>;
  readonly part: PartOfTree | undefined;
  readonly onFolder: WalkOptions['onFolder'];
}

/**
 * Every file below the root that is to be indexed, and every entry that is left out with its reason, in the order of
 * `comparePaths`. Only the names of the open folders are in memory. Links are never followed: what they point
 * to inside the root is met under its own name, and nothing outside is ever opened.
 * Errors: PATH_NOT_FOUND, PATH_NOT_A_FOLDER, NO_PERMISSION for the root; MACHINE when out of file descriptors. Nothing else below the root
 * ends the walk.
 */
export async function* walk(options: WalkOptions): AsyncGenerator<WalkEntry> {
  const root = resolve(options.root);
  const context: Walk = {
    root,
    realRoot: realRootOf(root),
    isIncluded:
      options.include === undefined || options.include.length === 0
        ? undefined
        : globMatcher(options.include),
    isExcluded: globMatcher(options.exclude ?? []),
    maxFileSize: options.maxFileSize ?? DEFAULT_MAX_FILE_SIZE,
    neverEnter: new Set(options.neverEnter?.map(realPathOf)),
    part: options.only === undefined ? undefined : new PartOfTree(options.only),
    onFolder: options.onFolder,
  };
  const names = await rootNames(context);
  const open: Folder[] = [{ path: '', absolute: root, stack: rootStack(context.realRoot), names, next: 0 }];
  let looked = 0;
  for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
    const name = folder.names[folder.next];
    const isRepeated = folder.next > 0 && name === folder.names[folder.next - 1];
    folder.next++;
    if (name === undefined) {
      open.pop();
      continue;
    }
    if (++looked % ENTRIES_PER_TURN === 0) await nextTurn();
    // The index itself is no news to anybody.
    if (name.endsWith('/') && context.neverEnter.has(join(context.realRoot, folder.path, bareName(name))))
      continue;
    const entry = isRepeated ? undecodable(folder.path + name) : examine(context, folder, name);
    if (entry.kind !== 'folder') {
      yield entry;
      continue;
    }
    const entered = await enterFolder(context, entry);
    if ('kind' in entered) yield entered;
    else open.push(entered);
  }
}

async function enterFolder(
  context: Walk,
  { path, absolute, stack, isWanted }: FolderToEnter,
): Promise<Folder | SkippedEntry> {
  try {
    let names = await listedNames(absolute);
    const mark = isWanted ? undefined : markedAs(names);
    if (mark !== undefined) return skipped(path, 'ignored', mark);
    if (context.onFolder?.(path, absolute) === true) names = await listedNames(absolute);
    return {
      path,
      absolute,
      stack: enter(stack, absolute, path),
      names: wantedOf(context, path, names),
      next: 0,
    };
  } catch (error) {
    if (error instanceof EmbedSearchError || isOutOfDescriptors(error)) {
      throw asUserError(error, `Cannot read the folder ${absolute}`);
    }
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return skipped(path, 'vanished');
    return notReadable(path, error);
  }
}

/** The names that are to be looked at. */
function wantedOf({ part }: Walk, folder: string, names: string[]): string[] {
  if (part === undefined || part.covers(folder)) return names;
  return names.filter((name) => part.leadsOn(folder, name));
}

async function rootNames(context: Walk): Promise<string[]> {
  const { root } = context;
  context.onFolder?.('', root);
  try {
    return wantedOf(context, '', await listedNames(root));
  } catch (error) {
    throw asUserError(error, `Cannot read the folder ${root}`);
  }
}
