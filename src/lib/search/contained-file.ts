import type { Stats } from 'node:fs';
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { isRepositoryData, looksSecret } from '../corpus/left-out-names.js';
import { SAFE_OPEN_FLAGS } from '../corpus/read-small-file.js';
import { INDEX_FOLDER, pathInside } from '../config.js';
import { EmbedSearchError } from '../errors.js';

/** A path that somebody else chose, and the folder that it may not leave; both absolute. */
export interface AskedFile {
  /** Real path: no link in it. */
  readonly root: string;
  readonly file: string;
}

/** What the name leads to, before it is opened. */
export interface FoundFile extends AskedFile {
  readonly real: string;
  readonly stat: Stats;
}

/** What was opened; `stat` is that of the descriptor. */
export interface OpenedFile extends FoundFile {
  readonly handle: FileHandle;
}

/** One protection. What it returns is why the file is refused. */
export interface ReadGuard {
  readonly name: string;
  readonly beforeLook?: (asked: AskedFile) => string | undefined;
  readonly beforeOpen?: (found: FoundFile) => string | undefined;
  readonly afterOpen?: (opened: OpenedFile) => Promise<string | undefined>;
}

const OUTSIDE = 'it is outside the folders that this server may read';

/** By its name: what is outside is not even looked at, so no answer tells whether it exists. */
const insideByName: ReadGuard = {
  name: 'inside-by-name',
  beforeLook: ({ root, file }) => (pathInside(root, file) === undefined ? OUTSIDE : undefined),
};

/** Neither a device, which opening may set in motion, nor a FIFO nor a folder. */
const regularFile: ReadGuard = {
  name: 'regular-file',
  beforeOpen: ({ stat }) => (stat.isFile() ? undefined : 'it is no regular file'),
  afterOpen: async ({ stat }) => (stat.isFile() ? undefined : 'it is no regular file'),
};

/**
 * By what was opened: the real path is inside, and the file there is the one that the descriptor holds. A link that is
 * swapped between the steps makes the two differ.
 */
const insideByDescriptor: ReadGuard = {
  name: 'inside-by-descriptor',
  afterOpen: async ({ root, real, stat }) => {
    if (pathInside(root, await realpath(real)) === undefined) return OUTSIDE;
    const now = await lstat(real);
    return now.dev === stat.dev && now.ino === stat.ino ? undefined : 'it was replaced while it was opened';
  },
};

/** Keys, passwords, and the data of version control and of the index, under every name that leads to them. */
const noSecrets: ReadGuard = {
  name: 'no-secrets',
  beforeLook: ({ root, file }) => secretIn(root, file),
  beforeOpen: ({ root, real }) => secretIn(root, real),
};

export const READ_GUARDS: readonly ReadGuard[] = [insideByName, regularFile, insideByDescriptor, noSecrets];

/**
 * Opens a file for reading that no guard refuses; the caller closes it. Links are followed where they stay inside.
 * Errors: PATH_NOT_FOUND, and NO_PERMISSION for what is refused.
 */
export async function openContained(
  asked: AskedFile,
  guards: readonly ReadGuard[] = READ_GUARDS,
): Promise<OpenedFile> {
  for (const { beforeLook } of guards) refuse(asked, beforeLook?.(asked));
  let handle: FileHandle | undefined;
  try {
    const real = await realpath(asked.file);
    const found = { ...asked, real, stat: await lstat(real) };
    for (const { beforeOpen } of guards) refuse(asked, beforeOpen?.(found));
    // Never through a link, and without waiting for the other end of a FIFO.
    handle = await open(real, SAFE_OPEN_FLAGS);
    const opened = { ...found, handle, stat: await handle.stat() };
    for (const { afterOpen } of guards) refuse(asked, await afterOpen?.(opened));
    return opened;
  } catch (error) {
    await handle?.close();
    throw asAnswer(error, asked);
  }
}

function secretIn(root: string, file: string): string | undefined {
  const parts = path.relative(root, file).split(path.sep);
  const name = parts.pop()!;
  const isSecret =
    looksSecret(name, false) ||
    isRepositoryData(name) ||
    parts.some((part) => looksSecret(part, true) || isRepositoryData(part) || part === INDEX_FOLDER);
  return isSecret ? 'its name says that it holds secrets or data that is not for reading' : undefined;
}

function refuse({ file }: AskedFile, reason: string | undefined): void {
  if (reason === undefined) return;
  throw new EmbedSearchError('NO_PERMISSION', `${file} is not read: ${reason}.`, {
    fix: 'Name a file below one of the folders that this server searches, as its hits name them.',
  });
}

function asAnswer(error: unknown, { file }: AskedFile): unknown {
  if (error instanceof EmbedSearchError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') {
    return new EmbedSearchError('PATH_NOT_FOUND', `There is no file ${file}.`, { cause: error });
  }
  return new EmbedSearchError('NO_PERMISSION', `${file} is not read: ${(error as Error).message}.`, {
    fix: 'Name a regular file that this user may read.',
    cause: error,
  });
}
