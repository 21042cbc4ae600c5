import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { asUserError } from '../errors.js';

// git itself warns beyond 100 MB; no ignore file that a person wrote comes near this.
const MAX_BYTES = 1024 * 1024;

// Neither a link out of the root nor a FIFO may be opened in the place of a file; Windows has no such flags.
export const SAFE_OPEN_FLAGS =
  constants.O_RDONLY |
  ((constants.O_NOFOLLOW as number | undefined) ?? 0) |
  ((constants.O_NONBLOCK as number | undefined) ?? 0);

export function isOutOfDescriptors(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EMFILE' || code === 'ENFILE';
}

/** The text of a small regular file, or undefined where there is none that can be read. Links are not followed. Error: MACHINE. */
export function readSmallFile(path: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, SAFE_OPEN_FLAGS);
  } catch (error) {
    // Out of descriptors is not the same as no ignore file: what it names would be indexed.
    if (isOutOfDescriptors(error)) throw asUserError(error, `Cannot read ${path}`);
    return undefined;
  }
  try {
    const stat = fstatSync(descriptor);
    return stat.isFile() && stat.size <= MAX_BYTES ? readFileSync(descriptor, 'utf8') : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}
