import { EmbedSearchError } from '../errors.js';
import type { StoredChunk, StoreReader } from '../store/types.js';

/**
 * The chunk that a line of a file belongs to: of those that overlap there, the one whose middle is nearest; between two,
 * the next one. Errors: PATH_NOT_FOUND for a file that is not in the index, USAGE for a line that it does not have.
 */
export function chunkAt(reader: StoreReader, path: string, line: number): StoredChunk {
  if (!Number.isInteger(line) || line < 1) {
    throw new EmbedSearchError('USAGE', `Lines are numbered from 1 on; there is no line ${line}.`);
  }
  const file = reader.fileByPath(path);
  if (!file) {
    throw new EmbedSearchError('PATH_NOT_FOUND', `${path} is not in the index.`, {
      fix: 'Name a file as hits name it; `embed-search index --dry-run` says which are left out, and why.',
    });
  }
  let best: StoredChunk | undefined;
  let lastLine = 0;
  for (const chunk of reader.chunksOfFile(file.id)) {
    lastLine = Math.max(lastLine, chunk.endLine);
    if (line > chunk.endLine) continue;
    if (best === undefined || distance(chunk, line) < distance(best, line)) best = chunk;
  }
  if (best) return best;
  throw new EmbedSearchError('USAGE', `${path} has no line ${line}: its indexed text ends at ${lastLine}.`, {
    fix: 'Name a line that a hit has.',
  });
}

/** Lines between a line and the middle of a chunk; one that begins later comes after all that hold the line. */
function distance({ startLine, endLine }: StoredChunk, line: number): number {
  const toMiddle = Math.abs((startLine + endLine) / 2 - line);
  return startLine > line ? toMiddle + 1e9 : toMiddle;
}
