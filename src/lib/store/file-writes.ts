import { metaValue, PENDING, QUARANTINED } from './schema.js';
import type { FileRecord, FileWithChunks, NewChunk } from './types.js';
import { bytesOfHex, type WriterContext } from './writer-context.js';

/** libsql holds on to about a kilobyte of each call until the event loop turns. */
const CHUNKS_A_STEP = 100;

/** See StoreWriter.putFile; within a transaction, as all of this file. */
export function putFile(
  context: WriterContext,
  file: FileRecord,
  chunks: Iterable<NewChunk>,
): { added: number; removed: number } {
  const steps = putFileInSteps(context, file, chunks);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** See StoreWriter.putFiles. */
export function* putFilesInSteps(
  context: WriterContext,
  files: Iterable<FileWithChunks>,
): Generator<undefined, { added: number; removed: number }> {
  const total = { added: 0, removed: 0 };
  for (const { record, chunks } of files) {
    const { added, removed } = yield* putFileInSteps(context, record, chunks);
    total.added += added;
    total.removed += removed;
  }
  return total;
}

/** The same for one, stopping every so many chunks for the event loop to turn. */
function* putFileInSteps(
  context: WriterContext,
  file: FileRecord,
  chunks: Iterable<NewChunk>,
): Generator<undefined, { added: number; removed: number }> {
  const { database, words } = context;
  const known = database.get('select id, chunks from files where path = ?', file.path) as
    [number, number] | undefined;
  const fileId = writeFile(context, known?.[0], file);
  if (known !== undefined) words.fileGoes(fileId);
  const old = database.all('select id, embedding_id from chunks where file_id = ?', fileId);
  // The new chunks come first: a text that stays must not be without a use in between.
  const embeddings: number[] = [];
  for (const chunk of chunks) {
    embeddings.push(insertChunk(context, fileId, embeddings.length, chunk));
    if (embeddings.length % CHUNKS_A_STEP > 0) continue;
    words.writeChunks();
    yield;
  }
  database.run('update files set chunks = ? where id = ?', embeddings.length, fileId);
  for (const [chunkId, embeddingId] of old) removeChunk(context, chunkId as number, embeddingId as number);
  // Fault point: chunks replaced
  words.fileComes(fileId);
  addToTotal(context, 'chunks', embeddings.length - (known?.[1] ?? 0));
  const before = new Set(old.map((row) => row[1] as number));
  const after = new Set(embeddings);
  return {
    added: embeddings.filter((id) => !before.has(id)).length,
    removed: old.filter((row) => !after.has(row[1] as number)).length,
  };
}

export function removeFile(context: WriterContext, path: string): { removed: number } {
  const { database, words } = context;
  const row = database.get('select id, chunks from files where path = ?', path);
  if (row === undefined) return { removed: 0 };
  const [fileId, chunks] = row as [number, number];
  words.fileGoes(fileId);
  const old = database.all('select id, embedding_id from chunks where file_id = ?', fileId);
  for (const [chunkId, embeddingId] of old) removeChunk(context, chunkId as number, embeddingId as number);
  database.run('delete from files where id = ?', fileId);
  addToTotal(context, 'chunks', -chunks);
  addToTotal(context, 'files', -1);
  return { removed: chunks };
}

/** See StoreWriter.removeFiles. */
export function* removeFilesInSteps(
  context: WriterContext,
  paths: Iterable<string>,
): Generator<undefined, { removed: number }> {
  let removed = 0;
  for (const path of paths) {
    removed += removeFile(context, path).removed;
    yield;
  }
  return { removed };
}

/** See StoreWriter.replaceChunk. */
export function replaceChunk(context: WriterContext, chunkId: number, pieces: readonly NewChunk[]): void {
  const { database, words } = context;
  const row = database.get('select file_id, ordinal, embedding_id from chunks where id = ?', chunkId);
  if (row === undefined) return;
  const [fileId, ordinal, embeddingId] = row as [number, number, number];
  const grown = pieces.length - 1;
  words.fileGoes(fileId);
  database.run(
    'update chunks set ordinal = ordinal + ? where file_id = ? and ordinal > ?',
    grown,
    fileId,
    ordinal,
  );
  pieces.forEach((piece, index) => insertChunk(context, fileId, ordinal + index, piece));
  removeChunk(context, chunkId, embeddingId);
  words.fileComes(fileId);
  database.run('update files set chunks = chunks + ? where id = ?', grown, fileId);
  addToTotal(context, 'chunks', grown);
}

/** Returns the file's id. Its chunks are counted when they are there. */
function writeFile(context: WriterContext, id: number | undefined, file: FileRecord): number {
  const { database } = context;
  const values = [file.size, file.mtimeMs, file.inode, bytesOfHex(file.hash), file.language];
  if (id !== undefined) {
    const sql = 'update files set size = ?, mtime_ms = ?, inode = ?, hash = ?, language = ? where id = ?';
    database.run(sql, ...values, id);
    return id;
  }
  addToTotal(context, 'files', 1);
  return database.insert(
    'insert into files(path, size, mtime_ms, inode, hash, language, chunks) values (?, ?, ?, ?, ?, ?, 0)',
    file.path,
    ...values,
  );
}

/** Returns the id of its embedding. */
function insertChunk(context: WriterContext, fileId: number, ordinal: number, chunk: NewChunk): number {
  const { database } = context;
  const embeddingId = useEmbedding(context, bytesOfHex(chunk.embeddingKey));
  const chunkId = database.insert(
    `insert into chunks(file_id, ordinal, start_line, end_line, embedding_id, symbol) values (?, ?, ?, ?, ?, ?)`,
    fileId,
    ordinal,
    chunk.startLine,
    chunk.endLine,
    embeddingId,
    chunk.symbol ?? null,
  );
  database.run('insert into chunk_texts values (?, ?)', chunkId, Buffer.from(chunk.text));
  context.words.chunkComes(chunkId);
  return embeddingId;
}

function removeChunk(context: WriterContext, chunkId: number, embeddingId: number): void {
  const { database } = context;
  context.words.chunkGoes(chunkId);
  database.run('delete from chunk_texts where chunk_id = ?', chunkId);
  database.run('delete from chunks where id = ?', chunkId);
  leaveEmbedding(context, embeddingId);
}

/** The id of the embedding with this key, which has one more use. */
function useEmbedding({ database, live }: WriterContext, key: Buffer): number {
  const known = database.get('select id, uses, location from embeddings where key = ?', key);
  if (known === undefined)
    return database.insert(`insert into embeddings(key, uses, state) values (?, 1, ${PENDING})`, key);
  const [id, uses, location] = known as [number, number, number | null];
  database.run('update embeddings set uses = uses + 1, orphaned_at = null where id = ?', id);
  if (uses === 0 && location !== null) live.set(location, true);
  return id;
}

/** Its vector, if it has one, is kept for a while when the last use goes (see sweep.ts): texts come back. */
function leaveEmbedding({ database, live }: WriterContext, id: number): void {
  const [uses, state, location] = database.get(
    'select uses, state, location from embeddings where id = ?',
    id,
  ) as [number, number, number | null];
  if (uses > 1) {
    database.run('update embeddings set uses = uses - 1 where id = ?', id);
  } else if (state === PENDING || state === QUARANTINED) {
    database.run('delete from embeddings where id = ?', id);
  } else {
    const generation = metaValue(database, 'generation')!;
    database.run('update embeddings set uses = 0, orphaned_at = ? where id = ?', generation, id);
    if (location !== null) live.set(location, false);
  }
}

function addToTotal(context: WriterContext, name: 'files' | 'chunks', by: number): void {
  if (by !== 0) context.database.run('update meta set value = value + ? where key = ?', by, name);
}
