import type { SqlRow } from './sqlite.js';
import type { Problem, StoredChunk, StoredFile } from './types.js';

export const FILE_COLUMNS = 'id, path, size, mtime_ms, inode, hash, language';

export function fileOfRow(row: SqlRow): StoredFile {
  return {
    id: row[0] as number,
    path: row[1] as string,
    size: row[2] as number,
    mtimeMs: row[3] as number,
    inode: row[4] as number,
    hash: (row[5] as Buffer).toString('hex'),
    language: row[6] as string,
  };
}

export const CHUNK_JOINS = 'join files f on f.id = c.file_id join chunk_texts t on t.chunk_id = c.id';
/** Of `chunks c` with these joins. */
export const CHUNK_COLUMNS =
  'c.id, c.file_id, c.ordinal, f.path, f.language, c.start_line, c.end_line, t.text, c.symbol';

/** The text is a blob: libsql cuts a text at its first NUL. */
export function chunkOfRow(row: SqlRow): StoredChunk {
  const symbol = row[8];
  return {
    id: row[0] as number,
    fileId: row[1] as number,
    ordinal: row[2] as number,
    path: row[3] as string,
    language: row[4] as string,
    startLine: row[5] as number,
    endLine: row[6] as number,
    text: (row[7] as Buffer).toString('utf8'),
    ...(typeof symbol === 'string' ? { symbol } : {}),
  };
}

export function problemOfRow(row: SqlRow): Problem {
  const [path, reason, detail, startLine, endLine] = row;
  return {
    path: path as string,
    reason: reason as string,
    ...(typeof detail === 'string' ? { detail } : {}),
    ...(typeof startLine === 'number' ? { startLine, endLine: endLine as number } : {}),
  };
}
