import { open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { asUserError, EmbedSearchError } from '../errors.js';

/** The lines of a file, or of stdin for `-`, one at a time. Throws PATH_NOT_FOUND and errors of the machine. */
export async function* batchLines(file: string, signal: AbortSignal): AsyncGenerator<string> {
  if (file === '-') {
    yield* createInterface({ input: process.stdin, crlfDelay: Infinity, signal });
    return;
  }
  const handle = await open(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new EmbedSearchError('PATH_NOT_FOUND', `There is no file ${file}.`, { cause: error });
    }
    throw asUserError(error, `Reading ${file}`);
  });
  try {
    yield* handle.readLines();
  } finally {
    await handle.close();
  }
}
