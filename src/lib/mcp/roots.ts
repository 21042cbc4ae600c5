import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { existingFolder, pathInside } from '../config.js';
import { EmbedSearchError } from '../errors.js';

/** Folders as their real paths, each once. Throws PATH_NOT_FOUND and PATH_NOT_A_FOLDER. */
export function realFolders(folders: readonly string[]): string[] {
  return [...new Set(folders.map((folder) => realpathSync(existingFolder(folder))))];
}

/** The folders of a client's roots; what is no folder of this machine is left out. */
export function foldersOfRoots(uris: readonly string[]): string[] {
  const folders = uris.flatMap((uri) => {
    try {
      const folder = fileURLToPath(uri);
      return statSync(folder).isDirectory() ? [folder] : [];
    } catch {
      return [];
    }
  });
  return realFolders(folders);
}

export interface Place<R> {
  readonly root: R;
  /** Absolute. */
  readonly file: string;
}

/**
 * Which root a path belongs to: an absolute one to the innermost that holds it, a relative one to the first where it
 * is there. Throws NO_PERMISSION for an absolute path outside.
 */
export function placeOf<R extends { readonly folder: string }>(roots: readonly R[], asked: string): Place<R> {
  if (asked.includes('\0')) {
    throw new EmbedSearchError('USAGE', 'A path holds no NUL.', { fix: 'Give a path as hits name it.' });
  }
  const places = roots.map((root) => ({ root, file: path.resolve(root.folder, asked) }));
  const inside = places.filter(({ root, file }) => pathInside(root.folder, file) !== undefined);
  const first = path.isAbsolute(asked)
    ? inside.sort((one, other) => other.root.folder.length - one.root.folder.length)[0]
    : (inside.find(({ file }) => existsSync(file)) ?? inside[0]);
  if (first !== undefined) return first;
  throw new EmbedSearchError('NO_PERMISSION', `${asked} is outside the folders that this server may read.`, {
    fix: `Name a path in ${roots.map(({ folder }) => folder).join(' or ')}.`,
  });
}
