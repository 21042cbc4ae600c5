import path from 'node:path';
import { existingFolder, INDEX_FOLDER, indexFolderOf } from '../config.js';
import { asUserError, EmbedSearchError } from '../errors.js';
import { openLocalStore } from '../store/local-store.js';

export interface FoundIndex {
  readonly indexDir: string;
  /** The folder that was indexed, where its place tells; an index elsewhere remembers it. */
  readonly root?: string;
}

/**
 * The index to ask: the one named, else that of the nearest folder from `folder` upwards that has one.
 * Throws INDEX_MISSING, NO_PERMISSION for one that may not be looked into, PATH_NOT_FOUND, PATH_NOT_A_FOLDER.
 */
export function findIndex(folder: string, indexDir: string | undefined): FoundIndex {
  if (indexDir !== undefined) {
    const named = indexFolderOf(folder, indexDir);
    if (hasIndex(named)) return { indexDir: named };
    throw new EmbedSearchError('INDEX_MISSING', `There is no index in ${named}.`, {
      fix: `Make one: embed-search index ${folder} --index-dir ${indexDir}`,
    });
  }
  const start = existingFolder(folder);
  for (let at = start; ; at = path.dirname(at)) {
    const candidate = path.join(at, INDEX_FOLDER);
    if (hasIndex(candidate)) return { indexDir: candidate, root: at };
    if (path.dirname(at) === at) break;
  }
  throw new EmbedSearchError('INDEX_MISSING', `Neither ${start} nor a folder above it has an index.`, {
    fix: `Make one: embed-search index ${start}`,
  });
}

function hasIndex(folder: string): boolean {
  try {
    return openLocalStore(folder).exists();
  } catch (error) {
    throw asUserError(error, `Cannot look into the index ${folder}`);
  }
}
