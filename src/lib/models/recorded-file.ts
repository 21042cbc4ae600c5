import { realpathSync } from 'node:fs';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { modelsFolder, shippedModelPath } from './resolve-model.js';

/**
 * Whether a model file that an index remembers may be opened unasked: an index can come with a cloned folder, and must
 * not bring what is given to native code. So not what lies in one of `folders` (the indexed one, the index), nor a
 * relative path, which may lie anywhere.
 */
export function mayOpenRecorded(file: string, folders: readonly string[]): boolean {
  if (!path.isAbsolute(file)) return false;
  const target = realPath(file);
  if (target === realPath(shippedModelPath()) || isBelow(realPath(modelsFolder()), target)) return true;
  return !folders.some((folder) => isBelow(realPath(folder), target));
}

/** Says how the file is opened all the same. */
export function refusedRecorded(file: string): EmbedSearchError {
  return new EmbedSearchError(
    'MODEL_MISSING',
    `The index names ${JSON.stringify(file)} as its model, a file that may have come with the folder; it is not opened unasked.`,
    { fix: `Where you trust that file, name it: --model ${file}` },
  );
}

/** Links such as /proc/self/cwd lead into the folder under another name. */
function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}

function isBelow(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way);
}
