import { realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { asUserError, EmbedSearchError } from '../errors.js';

/** The folder that the root really is, which links are compared with. */
export function realRootOf(root: string): string {
  try {
    if (!statSync(root).isDirectory()) {
      throw new EmbedSearchError('PATH_NOT_A_FOLDER', `${root} is not a folder.`);
    }
    return realpathSync(root);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new EmbedSearchError('PATH_NOT_FOUND', `There is no folder ${root}.`, { cause: error });
    }
    throw asUserError(error, `Cannot look into ${root}`);
  }
}

/** As the walk sees it, which follows no links below the root; a folder that does not exist yet is met by nobody. */
export function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
}
