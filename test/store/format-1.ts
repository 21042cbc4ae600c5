import { mkdirSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { ShardWriter } from '#dist/lib/store/shard-writer.js';
import { identity, modelFile, sha256, vectorOf, wordRules } from './fixtures.js';

// The tables of format 1, as they were: not to be brought up to date.
const TOKENIZER = `porter unicode61 remove_diacritics 2 tokenchars ''_''`;
const SCHEMA = `
create table meta(key text primary key, value) without rowid;
create table files(
  id integer primary key, path text not null unique, size integer not null, mtime_ms real not null,
  inode real not null, hash blob not null, language text not null, chunks integer not null);
create table chunks(
  id integer primary key autoincrement, file_id integer not null, ordinal integer not null,
  start_line integer not null, end_line integer not null, embedding_id integer not null, symbol text);
create index chunks_by_file on chunks(file_id, ordinal);
create index chunks_by_embedding on chunks(embedding_id);
create table chunk_texts(chunk_id integer primary key, text blob not null);
create table embeddings(
  id integer primary key autoincrement, key blob not null unique, uses integer not null, state integer not null,
  location integer, problem text, orphaned_at integer);
create unique index embeddings_by_location on embeddings(location) where location is not null;
create index embeddings_pending on embeddings(id, uses) where state = 0;
create index embeddings_quarantined on embeddings(id, uses) where state = 3;
create index embeddings_unused on embeddings(orphaned_at) where uses = 0;
create table staged(embedding_id integer primary key, vector blob not null);
create table shards(
  id integer primary key autoincrement, folder text not null unique, rows integer not null, live blob not null);
create table file_problems(path text primary key, reason text not null, detail text) without rowid;
create virtual table chunk_words using fts5(body, symbol, path, content='', tokenize='${TOKENIZER}');
create virtual table file_words using fts5(body, path, content='', tokenize='${TOKENIZER}');
`;

/** Writes an index of format 1 with one file of these texts: the first ones in a shard, the last one staged. */
export async function makeFormat1(folder: string, texts: readonly string[]): Promise<void> {
  const vectorsDir = path.join(folder, 'vectors');
  mkdirSync(vectorsDir, { recursive: true });
  const published = texts.slice(0, -1);
  const writer = new ShardWriter(vectorsDir, identity.dimensions);
  writer.begin(published.length);
  for (const text of published) writer.add(sha256(text), Buffer.from(vectorOf(text).buffer));
  const shard = await writer.write();

  const database = new Database(path.join(folder, 'index.db'));
  database.exec('pragma auto_vacuum = incremental; pragma journal_mode = wal');
  database.exec(SCHEMA);
  const run = (sql: string, ...values: unknown[]): void => void database.prepare(sql).run(values);
  const meta = {
    generation: 4,
    files: 1,
    chunks: texts.length,
    root: '/',
    identity: JSON.stringify(identity),
    modelFile: JSON.stringify(modelFile),
    words: wordRules.version,
  };
  for (const [key, value] of Object.entries(meta)) run('insert into meta values (?, ?)', key, value);
  const hash = Buffer.from(sha256(texts.join('\n')), 'hex');
  run('insert into files values (1, ?, 1, 1.5, 7, ?, ?, ?)', 'a.ts', hash, 'ts', texts.length);
  run(
    'insert into shards values (1, ?, ?, ?)',
    shard,
    published.length,
    Buffer.alloc(Math.ceil(published.length / 8), 255),
  );
  texts.forEach((text, row) => {
    const id = row + 1;
    const isPublished = row < published.length;
    run('insert into chunks values (?, 1, ?, ?, ?, ?, null)', id, row, row * 10 + 1, row * 10 + 10, id);
    run('insert into chunk_texts values (?, ?)', id, Buffer.from(text));
    run('insert into chunk_words(rowid, body, symbol, path) values (?, ?, ?, ?)', id, text, '', 'a.ts');
    const key = Buffer.from(sha256(text), 'hex');
    const location = isPublished ? 65_536 + row : null;
    run('insert into embeddings values (?, ?, 1, ?, ?, null, null)', id, key, isPublished ? 2 : 1, location);
    if (!isPublished) run('insert into staged values (?, ?)', id, Buffer.from(vectorOf(text).buffer));
  });
  run('insert into file_words(rowid, body, path) values (1, ?, ?)', texts.join('\n'), 'a.ts');
  run('insert into file_problems values (?, ?, ?)', 'big.bin', 'too large', '100 MB');
  database.exec('pragma application_id = 1164796499; pragma user_version = 1');
  database.close();
}
