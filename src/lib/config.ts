import { statSync } from 'node:fs';
import path from 'node:path';
import { EmbedSearchError } from './errors.js';

/** The folder, below the indexed one, that holds an index unless --index-dir says otherwise. */
export const INDEX_FOLDER = '.embed-search';

/** Tokens of the shipped model that the embedded text of a chunk may have; measured best on prose, see docs/decisions. */
export const CHUNK_TOKENS = 120;
export const CHUNK_OVERLAP_TOKENS = 16;

export type MemoryMode = 'auto' | 'fast' | 'lean';

/** The folder to work on as an absolute path. Throws PATH_NOT_FOUND and PATH_NOT_A_FOLDER. */
export function existingFolder(folder: string): string {
  const absolute = path.resolve(folder);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (!stat) throw new EmbedSearchError('PATH_NOT_FOUND', `There is no folder ${absolute}.`);
  if (!stat.isDirectory()) {
    throw new EmbedSearchError('PATH_NOT_A_FOLDER', `${absolute} is a file, not a folder.`, {
      fix: `Name the folder that holds it: ${path.dirname(absolute)}`,
    });
  }
  return absolute;
}

/** The path from `folder` to what is in it, or '' for itself; undefined for what is elsewhere. By the names alone. */
export function pathInside(folder: string, file: string): string | undefined {
  const relative = path.relative(folder, file);
  return relative.split(path.sep)[0] === '..' || path.isAbsolute(relative) ? undefined : relative;
}

/** Where the index of a folder is. */
export function indexFolderOf(root: string, indexDir: string | undefined): string {
  return indexDir === undefined ? path.join(root, INDEX_FOLDER) : path.resolve(indexDir);
}
