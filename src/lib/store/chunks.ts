import type { FileNames } from './file-names.js';
import type { Sqlite } from './sqlite.js';
import type { StoredChunk } from './types.js';

// All texts as one blob, since a row of its own for each takes twice as long to bring over, and its blob is memory of its
// own until garbage is collected. SQLite joins texts only: it takes a blob's bytes for one as they are, and gives them back.
const SQL = `select json_group_array(json_array(
    c.id, c.file_id, c.ordinal, c.start_line, c.end_line, length(t.text), c.symbol)),
    cast(group_concat(cast(t.text as text), '') as blob)
  from json_each(?) wanted cross join chunks c on c.id = wanted.value join chunk_texts t on t.chunk_id = c.id`;

type ChunkValues = [
  id: number,
  fileId: number,
  ordinal: number,
  startLine: number,
  endLine: number,
  bytes: number,
  symbol: string | null,
];

/** See StoreReader.chunks. */
export function chunksOf(database: Sqlite, files: FileNames, ids: readonly number[]): StoredChunk[] {
  const [values, texts] = database.get(SQL, JSON.stringify(ids)) as [string, Buffer | null];
  const rows = JSON.parse(values) as ChunkValues[];
  files.lookUp(rows.map((row) => row[1]));
  const chunks: StoredChunk[] = [];
  // By index here, as in all that a search does for each of its candidates: to take apart a list by a pattern is an iterator.
  for (let index = 0, end = 0; index < rows.length; index++) {
    const row = rows[index]!;
    const start = end;
    end += row[5];
    const file = files.get(row[1]);
    if (file === undefined) continue;
    const chunk: { -readonly [Key in keyof StoredChunk]: StoredChunk[Key] } = {
      id: row[0],
      fileId: row[1],
      ordinal: row[2],
      path: file.path,
      language: file.language,
      startLine: row[3],
      endLine: row[4],
      text: texts!.toString('utf8', start, end),
    };
    if (row[6] !== null) chunk.symbol = row[6];
    chunks.push(chunk);
  }
  return inOrderOf(ids, chunks);
}

/** SQLite gives rows in the order of the list that it was handed, but does not say that it does. */
export function inOrderOf<T extends { readonly id: number }>(ids: readonly number[], rows: T[]): T[] {
  if (areInOrder(ids, rows)) return rows;
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

function areInOrder(ids: readonly number[], rows: readonly { readonly id: number }[]): boolean {
  if (rows.length !== ids.length) return false;
  for (let index = 0; index < ids.length; index++) if (rows[index]!.id !== ids[index]) return false;
  return true;
}
