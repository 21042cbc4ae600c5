import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { sep } from 'node:path';
import type { GlobMatch } from './globs.js';
import { decide, type IgnoreStack, isSpelledOut, reincluding } from './ignore-stack.js';
import { isDependencyFolder, isHidden, isRepositoryData, looksSecret } from './left-out-names.js';
import { bareName } from './listed-names.js';
import { notReadable, skipped } from './skipped-entry.js';
import type { SkippedEntry, WalkEntry } from './types.js';

/** What holds for all entries of a walk. */
export interface EntryRules {
  /** The folder that the root really is, which links are compared with. */
  readonly realRoot: string;
  readonly isIncluded: GlobMatch | undefined;
  readonly isExcluded: GlobMatch;
  /** bytes */
  readonly maxFileSize: number;
}

/** The folder that an entry lies in. */
export interface ParentFolder {
  /** Below the root, ends with `/`; the root itself is empty. */
  readonly path: string;
  readonly absolute: string;
  readonly stack: IgnoreStack;
}

export interface FolderToEnter {
  readonly kind: 'folder';
  readonly path: string;
  readonly absolute: string;
  readonly stack: IgnoreStack;
  /** An `.embed-searchignore` brings it back, whatever it is. */
  readonly isWanted: boolean;
}

/** The kind of an entry that is left out by its name is never asked of the file system. */
export function examine(rules: EntryRules, folder: ParentFolder, listed: string): WalkEntry | FolderToEnter {
  const isFolder = listed.endsWith('/');
  const name = bareName(listed);
  const path = folder.path + name;
  const shown = folder.path + listed;
  const absolute = withSeparator(folder.absolute) + name; // by join a tenth of a walk: it looks for dots in it
  if (name.includes('\uFFFD') && isMissing(absolute)) return undecodable(path);
  if (isRepositoryData(name)) return skipped(shown, 'hidden', 'data of version control');

  const verdict = decide(folder.stack, shown);
  // A pattern as broad as `!*` is not meant for keys: only one that spells the name out brings a secret in.
  if (looksSecret(name, isFolder) && !isSpelledOut(folder.stack, shown)) return skipped(shown, 'secret');
  const excluded = rules.isExcluded(path);
  if (excluded !== undefined) return skipped(shown, 'ignored', `--exclude ${excluded}`);
  if (verdict.ignored) return skipped(shown, 'ignored', verdict.rule);
  if (isHidden(name) && verdict.included === undefined) return skipped(shown, 'hidden');
  if (isFolder) {
    const isWanted = verdict.included === 'own';
    if (isDependencyFolder(name) && !isWanted) return skipped(shown, 'ignored', 'installed or derived files');
    const stack = verdict.included === undefined ? folder.stack : reincluding(folder.stack, shown);
    return { kind: 'folder', path: shown, absolute, stack, isWanted };
  }
  return examineFile(rules, path, absolute);
}

function examineFile(rules: EntryRules, path: string, absolute: string): WalkEntry {
  let stat: Stats | undefined;
  try {
    stat = lstatSync(absolute, { throwIfNoEntry: false });
  } catch (error) {
    return notReadable(path, error);
  }
  // A folder that has taken the place of a file is met by the next walk.
  if (stat === undefined || stat.isDirectory()) return skipped(path, 'vanished');
  if (stat.isSymbolicLink()) return link(rules, path, absolute);
  if (!stat.isFile()) return skipped(path, 'not-a-file', kindOf(stat));
  if (rules.isIncluded !== undefined && rules.isIncluded(path) === undefined) {
    return skipped(path, 'ignored', 'no --include matches');
  }
  if (stat.size > rules.maxFileSize) return skipped(path, 'too-large', `${String(stat.size)} bytes`);
  return {
    kind: 'file',
    path,
    absolutePath: absolute,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    inode: stat.ino,
  };
}

/** Node shows bytes that are not UTF-8 as U+FFFD, and such a path leads nowhere; two such names can look the same. */
export function undecodable(path: string): SkippedEntry {
  return skipped(path, 'not-readable', 'the name is not valid UTF-8');
}

function link({ realRoot }: EntryRules, path: string, absolute: string): SkippedEntry {
  let target: string;
  try {
    target = realpathSync(absolute);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return skipped(path, 'not-a-file', code === 'ENOENT' ? 'broken symbolic link' : 'symbolic link');
  }
  const inside = target === realRoot || target.startsWith(withSeparator(realRoot));
  return inside
    ? skipped(path, 'not-a-file', 'symbolic link')
    : skipped(path, 'outside-root', 'symbolic link');
}

function withSeparator(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep;
}

function isMissing(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

function kindOf(stat: Stats): string {
  if (stat.isFIFO()) return 'named pipe';
  if (stat.isSocket()) return 'socket';
  return stat.isCharacterDevice() || stat.isBlockDevice() ? 'device' : 'special file';
}
