import { paged } from './queries.js';
import { createWordTables, metaValue, setMetaValue } from './schema.js';
import type { Sqlite, SqlRow, SqlValue } from './sqlite.js';
import type { WordRules } from './types.js';

/** So many changed rows are written before the transaction ends. */
const MOST_WAITING = 10_000;

/** characters */
const LONGEST_OVERLAP = 1_000;
const SHORTEST_OVERLAP = 8;

const CHUNK_SQL = `select c.id, t.text, c.symbol, f.path from chunks c
  join files f on f.id = c.file_id join chunk_texts t on t.chunk_id = c.id`;

/**
 * The FTS5 tables of chunks and of whole files. They keep no texts, and such a table gives up a row only when it is
 * told the words that went in: they are made again from what the index stores, by a pure function. (Without the words,
 * `contentless_delete`, a row goes but still counts in the totals that BM25 divides by.) Rows come in when the
 * transaction ends: FTS5 writes out a segment whenever a row's id is below the one before.
 */
export class WordTables {
  readonly #database: Sqlite;
  #rules: WordRules | undefined;
  readonly #newChunks = new Set<number>();
  readonly #newFiles = new Set<number>();

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** Within a transaction, once for each writer. True when all words had to be made anew. */
  setRules(rules: WordRules): boolean {
    this.#rules = rules;
    if (metaValue(this.#database, 'words') === rules.version) return false;
    this.#makeAnew();
    setMetaValue(this.#database, 'words', rules.version);
    return true;
  }

  /** Before a chunk's text, its symbol or the path of its file goes. */
  chunkGoes(id: number): void {
    if (this.#newChunks.delete(id)) return;
    const row = this.#database.get(`${CHUNK_SQL} where c.id = ?`, id)!;
    const sql = `insert into chunk_words(chunk_words, rowid, body, symbol, path) values ('delete', ?, ?, ?, ?)`;
    this.#database.run(sql, id, ...this.#wordsOfChunk(row));
  }

  chunkComes(id: number): void {
    this.#newChunks.add(id);
    this.#writeIfMany();
  }

  /** Before any of the file's chunks changes. */
  fileGoes(id: number): void {
    if (this.#newFiles.delete(id)) return;
    const sql = `insert into file_words(file_words, rowid, body, path) values ('delete', ?, ?, ?)`;
    this.#database.run(sql, id, ...this.#wordsOfFile(id));
  }

  /** After the last change to its chunks. */
  fileComes(id: number): void {
    this.#newFiles.add(id);
    this.#writeIfMany();
  }

  /** At the end of the transaction. */
  write(): void {
    for (const id of ascending(this.#newChunks))
      this.#insertChunk(this.#database.get(`${CHUNK_SQL} where c.id = ?`, id)!);
    for (const id of ascending(this.#newFiles)) this.#insertFile(id);
    this.discard();
  }

  discard(): void {
    this.#newChunks.clear();
    this.#newFiles.clear();
  }

  #writeIfMany(): void {
    if (this.#newChunks.size + this.#newFiles.size >= MOST_WAITING) this.write();
  }

  #makeAnew(): void {
    createWordTables(this.#database);
    for (const row of paged(this.#database, `${CHUNK_SQL} where c.id > ? order by c.id limit ?`, 0))
      this.#insertChunk(row);
    for (const [id] of paged(this.#database, 'select id from files where id > ? order by id limit ?', 0))
      this.#insertFile(id as number);
    this.discard();
  }

  #insertChunk(row: SqlRow): void {
    const sql = 'insert into chunk_words(rowid, body, symbol, path) values (?, ?, ?, ?)';
    this.#database.run(sql, row[0] as number, ...this.#wordsOfChunk(row));
  }

  #insertFile(id: number): void {
    const sql = 'insert into file_words(rowid, body, path) values (?, ?, ?)';
    this.#database.run(sql, id, ...this.#wordsOfFile(id));
  }

  #wordsOfChunk([, text, symbol, path]: SqlRow): SqlValue[] {
    return [this.#words(text), this.#words(symbol ?? ''), this.#words(path)];
  }

  #wordsOfFile(id: number): SqlValue[] {
    const chunks = this.#database.all(
      `select t.text, c.start_line, c.end_line from chunks c join chunk_texts t on t.chunk_id = c.id
        where c.file_id = ? order by c.ordinal`,
      id,
    );
    const path = this.#database.get('select path from files where id = ?', id)![0];
    return [this.#words(wholeText(chunks)), this.#words(path)];
  }

  #words(stored: SqlRow[number] | undefined): string {
    if (this.#rules === undefined) throw new Error('words before the rules that make them');
    return this.#rules.wordsOf(String(stored));
  }
}

/** A file's text out of its chunks, in which a line is not counted twice where one chunk repeats the end of another. */
function wholeText(chunks: readonly SqlRow[]): string {
  let whole = '';
  let previous = '';
  let previousEnd = 0;
  for (const [stored, startLine, endLine] of chunks) {
    const text = String(stored);
    const repeated = (startLine as number) <= previousEnd ? repeatedLength(previous, text) : 0;
    whole += `\n${text.slice(repeated)}`;
    previous = text;
    previousEnd = endLine as number;
  }
  return whole;
}

/** How much of the start of `text` is the end of `previous`; less than a few characters are chance. */
function repeatedLength(previous: string, text: string): number {
  let length = Math.min(previous.length, text.length, LONGEST_OVERLAP);
  while (length >= SHORTEST_OVERLAP && !previous.endsWith(text.slice(0, length))) length--;
  return length >= SHORTEST_OVERLAP ? length : 0;
}

function ascending(ids: Iterable<number>): number[] {
  return [...ids].sort((a, b) => a - b);
}
