import { PENDING, QUARANTINED } from './schema.js';
import type { SqlRow } from './sqlite.js';
import type { FileRecord, NewChunk } from './types.js';
import { bytesOfHex, type WriterContext } from './writer-context.js';

/** See StoreWriter.putFile; within a transaction, as all of this file. */
export function putFile(
  context: WriterContext,
  file: FileRecord,
  chunks: readonly NewChunk[],
  fileWords: string,
  pathWords: string,
): { added: number; removed: number } {
  const { database } = context;
  const [fileId, oldCount] = upsertFile(context, file, chunks.length);
  const old = database.all('select id, embedding_id from chunks where file_id = ?', fileId);
  // The new chunks come first: a text that stays must not be without a use in between.
  const embeddings = chunks.map((chunk, ordinal) => insertChunk(context, fileId, ordinal, chunk));
  for (const [chunkId, embeddingId] of old) removeChunk(context, chunkId as number, embeddingId as number);
  database.run('delete from file_words where rowid = ?', fileId);
  database.run('insert into file_words(rowid, body, path) values (?, ?, ?)', fileId, fileWords, pathWords);
  addToTotal(context, 'chunks', chunks.length - oldCount);
  const before = new Set(old.map((row) => row[1] as number));
  const after = new Set(embeddings);
  return {
    added: embeddings.filter((id) => !before.has(id)).length,
    removed: old.filter((row) => !after.has(row[1] as number)).length,
  };
}

export function removeFile(context: WriterContext, path: string): { removed: number } {
  const { database } = context;
  const row = database.get('select id, chunks from files where path = ?', path);
  if (row === undefined) return { removed: 0 };
  const [fileId, chunks] = row as [number, number];
  const old = database.all('select id, embedding_id from chunks where file_id = ?', fileId);
  for (const [chunkId, embeddingId] of old) removeChunk(context, chunkId as number, embeddingId as number);
  database.run('delete from file_words where rowid = ?', fileId);
  database.run('delete from files where id = ?', fileId);
  addToTotal(context, 'chunks', -chunks);
  addToTotal(context, 'files', -1);
  return { removed: chunks };
}

/** See StoreWriter.replaceChunk. */
export function replaceChunk(context: WriterContext, chunkId: number, pieces: readonly NewChunk[]): void {
  const { database } = context;
  const row = database.get('select file_id, ordinal, embedding_id from chunks where id = ?', chunkId);
  if (row === undefined) return;
  const [fileId, ordinal, embeddingId] = row as [number, number, number];
  const grown = pieces.length - 1;
  database.run('update chunks set ordinal = ordinal + ? where file_id = ? and ordinal > ?', grown, fileId, ordinal);
  pieces.forEach((piece, index) => insertChunk(context, fileId, ordinal + index, piece));
  removeChunk(context, chunkId, embeddingId);
  database.run('update files set chunks = chunks + ? where id = ?', grown, fileId);
  addToTotal(context, 'chunks', grown);
}

/** The file's id, and how many chunks it had. */
function upsertFile(context: WriterContext, file: FileRecord, chunks: number): [id: number, oldChunks: number] {
  const { database } = context;
  const values = [file.size, file.mtimeMs, file.inode, bytesOfHex(file.hash), file.language, chunks];
  const known = database.get('select id, chunks from files where path = ?', file.path);
  if (known !== undefined) {
    const sql =
      'update files set size = ?, mtime_ms = ?, inode = ?, hash = ?, language = ?, chunks = ? where id = ?';
    database.run(sql, ...values, known[0] as number);
    return known as [number, number] & SqlRow;
  }
  addToTotal(context, 'files', 1);
  const inserted = database.get(
    `insert into files(path, size, mtime_ms, inode, hash, language, chunks) values (?, ?, ?, ?, ?, ?, ?)
      returning id`,
    file.path,
    ...values,
  )!;
  return [inserted[0] as number, 0];
}

/** Returns the id of its embedding. */
function insertChunk(context: WriterContext, fileId: number, ordinal: number, chunk: NewChunk): number {
  const { database } = context;
  const [embeddingId, uses, location] = database.get(
    `insert into embeddings(key, uses, state) values (?, 1, ${PENDING})
      on conflict(key) do update set uses = uses + 1, orphaned_at = null returning id, uses, location`,
    bytesOfHex(chunk.embeddingKey),
  ) as [number, number, number | null];
  if (uses === 1 && location !== null) context.live.set(location, true);
  const [chunkId] = database.get(
    `insert into chunks(file_id, ordinal, start_line, end_line, embedding_id, symbol) values (?, ?, ?, ?, ?, ?)
      returning id`,
    fileId,
    ordinal,
    chunk.startLine,
    chunk.endLine,
    embeddingId,
    chunk.symbol ?? null,
  ) as [number];
  database.run('insert into chunk_texts values (?, ?)', chunkId, Buffer.from(chunk.text));
  database.run(
    'insert into chunk_words(rowid, body, symbol, path) values (?, ?, ?, ?)',
    chunkId,
    chunk.words,
    chunk.symbolWords ?? '',
    chunk.pathWords ?? '',
  );
  return embeddingId;
}

function removeChunk(context: WriterContext, chunkId: number, embeddingId: number): void {
  const { database } = context;
  database.run('delete from chunk_words where rowid = ?', chunkId);
  database.run('delete from chunk_texts where chunk_id = ?', chunkId);
  database.run('delete from chunks where id = ?', chunkId);
  const [uses, state, location] = database.get(
    `update embeddings set uses = uses - 1,
        orphaned_at = case when uses = 1 then (select value from meta where key = 'generation') end
      where id = ? returning uses, state, location`,
    embeddingId,
  ) as [number, number, number | null];
  if (uses > 0) return;
  if (location !== null) context.live.set(location, false);
  // What has a vector is kept for a while (see sweep.ts): texts come back.
  if (state === PENDING || state === QUARANTINED) database.run('delete from embeddings where id = ?', embeddingId);
}

function addToTotal(context: WriterContext, name: 'files' | 'chunks', by: number): void {
  if (by !== 0) context.database.run('update meta set value = value + ? where key = ?', by, name);
}
