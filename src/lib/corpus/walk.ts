import { lstatSync, realpathSync, statSync, type Dirent, type Stats } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { asUserError, EmbedSearchError } from '../errors.js';
import { globalExcludesFile, repositoryRoot } from './git-folders.js';
import { globMatcher, type GlobMatch } from './globs.js';
import { IgnoreRules } from './ignore-rules.js';
import { decide, enter, isSpelledOut, reincluding, withFilesOf, type IgnoreStack } from './ignore-stack.js';
import { isDependencyFolder, isHidden, isRepositoryData, looksSecret, markedAs } from './left-out-names.js';
import { PartOfTree } from './part-of-tree.js';
import { sortPaths } from './path-order.js';
import { isOutOfDescriptors, readSmallFile } from './read-small-file.js';
import type { SkippedEntry, SkipReason, WalkEntry, WalkOptions } from './types.js';

/**
 * Bytes. Text that people write is smaller; what is larger is mostly data, a dump or a bundle. A file is held in memory
 * whole while it is cut: the host's peak over text of words that never repeat was 96 MB with files of this size, 120 MB
 * with files of 1 MiB.
 */
export const DEFAULT_MAX_FILE_SIZE = 256 * 1024;

// Looking at an entry is a synchronous call of a few microseconds; between so many the event loop gets its turn.
const ENTRIES_PER_TURN = 256;

interface Folder {
  /** Below the root, ends with `/`; the root itself is empty. */
  readonly path: string;
  readonly absolute: string;
  readonly stack: IgnoreStack;
  /** Those of folders end with `/`. */
  readonly names: readonly string[];
  /** Index into `names`. */
  next: number;
}

interface Walk {
  readonly root: string;
  readonly realRoot: string;
  readonly isIncluded: GlobMatch | undefined;
  readonly isExcluded: GlobMatch;
  readonly maxFileSize: number;
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
    if (context.neverEnter.has(join(context.realRoot, folder.path, bare(name)))) continue;
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

interface FolderToEnter {
  readonly kind: 'folder';
  readonly path: string;
  readonly absolute: string;
  readonly stack: IgnoreStack;
  readonly isWanted: boolean;
}

/** The kind of an entry that is left out by its name is never asked of the file system. */
function examine(context: Walk, folder: Folder, listed: string): WalkEntry | FolderToEnter {
  const isFolder = listed.endsWith('/');
  const name = bare(listed);
  const path = folder.path + name;
  const shown = folder.path + listed;
  const absolute = join(folder.absolute, name);
  if (name.includes('\uFFFD') && isMissing(absolute)) return undecodable(path);
  if (isRepositoryData(name)) return skipped(shown, 'hidden', 'data of version control');

  const verdict = decide(folder.stack, shown);
  // A pattern as broad as `!*` is not meant for keys: only one that spells the name out brings a secret in.
  if (looksSecret(name, isFolder) && !isSpelledOut(folder.stack, shown)) return skipped(shown, 'secret');
  const excluded = context.isExcluded(path);
  if (excluded !== undefined) return skipped(shown, 'ignored', `--exclude ${excluded}`);
  if (verdict.ignored) return skipped(shown, 'ignored', verdict.rule);
  if (isHidden(name) && verdict.included === undefined) return skipped(shown, 'hidden');
  if (isFolder) {
    const isWanted = verdict.included === 'own';
    if (isDependencyFolder(name) && !isWanted) return skipped(shown, 'ignored', 'installed or derived files');
    const stack = verdict.included === undefined ? folder.stack : reincluding(folder.stack, shown);
    return { kind: 'folder', path: shown, absolute, stack, isWanted };
  }
  return examineFile(context, path, absolute);
}

function examineFile(context: Walk, path: string, absolute: string): WalkEntry {
  let stat: Stats | undefined;
  try {
    stat = lstatSync(absolute, { throwIfNoEntry: false });
  } catch (error) {
    return skipped(path, 'not-readable', systemCode(error));
  }
  // A folder that has taken the place of a file is met by the next walk.
  if (stat === undefined || stat.isDirectory()) return skipped(path, 'vanished');
  if (stat.isSymbolicLink()) return link(context, path, absolute);
  if (!stat.isFile()) return skipped(path, 'not-a-file', kindOf(stat));
  if (context.isIncluded !== undefined && context.isIncluded(path) === undefined) {
    return skipped(path, 'ignored', 'no --include matches');
  }
  if (stat.size > context.maxFileSize) return skipped(path, 'too-large', `${String(stat.size)} bytes`);
  return {
    kind: 'file',
    path,
    absolutePath: absolute,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    inode: stat.ino,
  };
}

async function enterFolder(
  context: Walk,
  { path, absolute, stack, isWanted }: FolderToEnter,
): Promise<Folder | SkippedEntry> {
  try {
    let names = await sortedNames(absolute);
    const mark = isWanted ? undefined : markedAs(names);
    if (mark !== undefined) return skipped(path, 'ignored', mark);
    if (context.onFolder?.(path, absolute) === true) names = await sortedNames(absolute);
    return {
      path,
      absolute,
      stack: enter(stack, absolute, path),
      names: wantedOf(context, path, names),
      next: 0,
    };
  } catch (error) {
    const code = systemCode(error);
    if (error instanceof EmbedSearchError || isOutOfDescriptors(error)) {
      throw asUserError(error, `Cannot read the folder ${absolute}`);
    }
    if (code === 'ENOENT') return skipped(path, 'vanished');
    return skipped(path, 'not-readable', code);
  }
}

/** The names that are to be looked at. */
function wantedOf({ part }: Walk, folder: string, names: string[]): string[] {
  if (part === undefined || part.covers(folder)) return names;
  return names.filter((name) => part.leadsOn(folder, name));
}

function link(context: Walk, path: string, absolute: string): SkippedEntry {
  let target: string;
  try {
    target = realpathSync(absolute);
  } catch (error) {
    return skipped(
      path,
      'not-a-file',
      systemCode(error) === 'ENOENT' ? 'broken symbolic link' : 'symbolic link',
    );
  }
  const inside = target === context.realRoot || target.startsWith(withSeparator(context.realRoot));
  return inside
    ? skipped(path, 'not-a-file', 'symbolic link')
    : skipped(path, 'outside-root', 'symbolic link');
}

function rootStack(root: string): IgnoreStack {
  const globalText = readSmallFile(globalExcludesFile());
  const top = repositoryRoot(root) ?? root;
  const above = relative(top, root).split(sep).filter(Boolean);
  const where = (parts: readonly string[]): string => parts.map((part) => `${part}/`).join('');
  let stack: IgnoreStack = {
    own: [],
    spelledOut: [],
    git: [],
    exclude: [],
    global:
      globalText === undefined
        ? []
        : [new IgnoreRules(globalText, { name: "git's global excludes", base: '', above: where(above) })],
  };
  for (let depth = 0; depth <= above.length; depth++) {
    stack = withFilesOf(stack, join(top, ...above.slice(0, depth)), '', where(above.slice(depth)));
  }
  return stack;
}

/** The folder that the root really is, which links are compared with. */
function realRootOf(root: string): string {
  try {
    if (!statSync(root).isDirectory()) {
      throw new EmbedSearchError('PATH_NOT_A_FOLDER', `${root} is not a folder.`);
    }
    return realpathSync(root);
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') {
      throw new EmbedSearchError('PATH_NOT_FOUND', `There is no folder ${root}.`, { cause: error });
    }
    throw asUserError(error, `Cannot look into ${root}`);
  }
}

/** As the walk sees it, which follows no links below the root; a folder that does not exist yet is met by nobody. */
function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}

async function rootNames(context: Walk): Promise<string[]> {
  const { root } = context;
  context.onFolder?.('', root);
  try {
    return wantedOf(context, '', await sortedNames(root));
  } catch (error) {
    throw asUserError(error, `Cannot read the folder ${root}`);
  }
}

async function sortedNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return sortPaths(entries.map(nameOf));
}

function nameOf(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

/** A listed name without the `/` of a folder. */
function bare(listed: string): string {
  return listed.endsWith('/') ? listed.slice(0, -1) : listed;
}

function isMissing(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

/** Node shows bytes that are not UTF-8 as U+FFFD, and such a path leads nowhere; two such names can look the same. */
function undecodable(path: string): SkippedEntry {
  return skipped(path, 'not-readable', 'the name is not valid UTF-8');
}

function kindOf(stat: Stats): string {
  if (stat.isFIFO()) return 'named pipe';
  if (stat.isSocket()) return 'socket';
  return stat.isCharacterDevice() || stat.isBlockDevice() ? 'device' : 'special file';
}

function skipped(path: string, reason: SkipReason, detail?: string): SkippedEntry {
  return detail === undefined ? { kind: 'skipped', path, reason } : { kind: 'skipped', path, reason, detail };
}

function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}
