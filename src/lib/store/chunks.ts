import { CHUNK_JOINS } from './rows.js';
import type { Sqlite } from './sqlite.js';
import type { StoredChunk } from './types.js';

// All texts as one blob, since a row of its own for each takes twice as long to bring over, and its blob is memory of its
// own until garbage is collected. SQLite joins texts only: it takes a blob's bytes for one as they are, and gives them back.
const CHUNKS_SQL = `select json_group_array(json_array(
    c.id, c.file_id, c.ordinal, f.path, f.language, c.start_line, c.end_line, length(t.text), c.symbol)),
    cast(group_concat(cast(t.text as text), '') as blob)
  from json_each(?) wanted cross join chunks c on c.id = wanted.value ${CHUNK_JOINS}`;

type ChunkValues = [
  id: number,
  fileId: number,
  ordinal: number,
  path: string,
  language: string,
  startLine: number,
  endLine: number,
  bytes: number,
  symbol: string | null,
];

/** See StoreReader.chunks. */
export function chunksOf(database: Sqlite, ids: readonly number[]): StoredChunk[] {
  const [values, texts] = database.get(CHUNKS_SQL, JSON.stringify(ids)) as [string, Buffer | null];
  let end = 0;
  const chunks = (JSON.parse(values) as ChunkValues[]).map((value): StoredChunk => {
    const [id, fileId, ordinal, path, language, startLine, endLine, bytes, symbol] = value;
    const text = texts!.toString('utf8', end, (end += bytes));
    const chunk = { id, fileId, ordinal, path, language, startLine, endLine, text };
    return symbol === null ? chunk : { ...chunk, symbol };
  });
  return inOrderOf(ids, chunks);
}

/** SQLite gives rows in the order of the list that it was handed, but does not say that it does. */
export function inOrderOf<T extends { readonly id: number }>(ids: readonly number[], rows: T[]): T[] {
  if (rows.length === ids.length && rows.every(({ id }, index) => id === ids[index])) return rows;
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}
