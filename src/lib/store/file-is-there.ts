import fs from 'node:fs';

/** A file that may not be looked at is not one that is not there. */
export function fileIsThere(file: string): boolean {
  try {
    fs.statSync(file);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return false;
    throw error;
  }
}
