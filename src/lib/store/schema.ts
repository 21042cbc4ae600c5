import { EmbedSearchError } from '../errors.js';
import type { Sqlite } from './sqlite.js';

/** `EmbS`, in SQLite's header: what makes this file ours. */
export const APPLICATION_ID = 0x456d6253;
export const APPLICATION_ID_AT = 68;

/**
 * What makes a format the next one, the first entry format 1 to format 2: run by the next writer in one transaction.
 * Vectors, texts and words stay as they are. A reader takes every format up to its own.
 */
const MIGRATIONS: readonly string[] = [
  // What was left out is remembered with its stat: it is tried again when that changes.
  `alter table file_problems add column size integer;
   alter table file_problems add column mtime_ms real;
   alter table file_problems add column inode real;`,
];
const FORMAT_VERSION = MIGRATIONS.length + 1;

/** What stands in `embeddings.state`. */
export const PENDING = 0;
export const STAGED = 1;
export const PUBLISHED = 2;
export const QUARANTINED = 3;

/** A vector's place: `shard id * ROWS_PER_LOCATION + row`. */
export const ROWS_PER_LOCATION = 65_536;

export const TOKENIZER = `porter unicode61 remove_diacritics 2 tokenchars ''_''`;
const WORD_TABLES = `
create virtual table chunk_words using fts5(body, symbol, path, content='', tokenize='${TOKENIZER}');
create virtual table file_words using fts5(body, path, content='', tokenize='${TOKENIZER}');
`;

export const FTS_TABLES = ['chunk_words', 'file_words'];
const TABLES = ['meta', 'files', 'chunks', 'chunk_texts', 'embeddings', 'staged', 'shards', 'file_problems'];

// `chunks` is kept apart from its texts, so that going from a hit to its file reads a small table. `uses` counts
// the chunks of an embedding; one without uses is kept for a while, since texts come back (see sweep.ts).
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
create index embeddings_pending on embeddings(id, uses) where state = ${PENDING};
create index embeddings_quarantined on embeddings(id, uses) where state = ${QUARANTINED};
create index embeddings_unused on embeddings(orphaned_at) where uses = 0;
create table staged(embedding_id integer primary key, vector blob not null);
create table shards(
  id integer primary key autoincrement, folder text not null unique, rows integer not null, live blob not null);
create table file_problems(
  path text primary key, reason text not null, detail text, size integer, mtime_ms real, inode real) without rowid;
insert into meta values ('generation', 0), ('files', 0), ('chunks', 0);
`;

/** 'empty' for a database that no run has committed to yet. Errors: INDEX_NEWER_FORMAT, INDEX_DAMAGED. */
export function databaseState(database: Sqlite, file: string): 'empty' | 'ours' {
  const application = database.get('pragma application_id')![0];
  const version = Number(database.get('pragma user_version')![0]);
  if (application === APPLICATION_ID && version >= 1) {
    if (version <= FORMAT_VERSION) return 'ours';
    throw new EmbedSearchError(
      'INDEX_NEWER_FORMAT',
      `${file} was made by a newer embed-search (format ${version}, this one knows ${FORMAT_VERSION}).`,
    );
  }
  if (application === 0 && database.get('select count(*) from sqlite_schema')![0] === 0) return 'empty';
  throw new EmbedSearchError('INDEX_DAMAGED', `${file} is not an index of embed-search.`);
}

/** What has to be said before the first table is made and outside a transaction. */
export function prepareDatabase(database: Sqlite): void {
  database.exec('pragma auto_vacuum = incremental; pragma journal_mode = wal');
}

/** Brings an index of an older format up to this one, all of it or nothing. Outside a transaction. */
export function migrateDatabase(database: Sqlite): void {
  const version = Number(database.get('pragma user_version')![0]);
  if (version === FORMAT_VERSION) return;
  database.exec('begin immediate');
  try {
    for (const step of MIGRATIONS.slice(version - 1)) database.exec(step);
    database.exec(`pragma user_version = ${FORMAT_VERSION}`);
    // Fault point: format brought forward
    database.exec('commit');
  } catch (error) {
    database.rollback();
    throw error;
  }
}

/** Within the caller's transaction. */
export function createTables(database: Sqlite): void {
  database.exec(
    `${SCHEMA} ${WORD_TABLES} pragma application_id = ${APPLICATION_ID}; pragma user_version = ${FORMAT_VERSION}`,
  );
  setMetaValue(database, 'changedWords', 0);
}

/** Empties the index within the caller's transaction: the generation before it answers until that commits. */
export function clearTables(database: Sqlite): void {
  const generation = metaValue(database, 'generation');
  for (const table of [...TABLES, ...FTS_TABLES]) database.exec(`drop table if exists ${table}`);
  createTables(database);
  setMetaValue(database, 'generation', generation ?? 0);
}

/** In place of those that are there, if any; within the caller's transaction. */
export function createWordTables(database: Sqlite): void {
  for (const table of FTS_TABLES) database.exec(`drop table if exists ${table}`);
  database.exec(WORD_TABLES);
}

export function metaValue(database: Sqlite, key: string): string | number | undefined {
  return database.get('select value from meta where key = ?', key)?.[0] as string | number | undefined;
}

export function setMetaValue(database: Sqlite, key: string, value: string | number): void {
  database.run(
    'insert into meta values (?, ?) on conflict(key) do update set value = excluded.value',
    key,
    value,
  );
}
