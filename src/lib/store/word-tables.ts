import { paged } from './queries.js';
import { createWordTables, FTS_TABLES, metaValue, setMetaValue } from './schema.js';
import type { Sqlite, SqlRow, SqlValue } from './sqlite.js';
import type { WordRules } from './types.js';

/** So many changed rows are written before the transaction ends. */
const MOST_WAITING = 10_000;

/** So many chunks that came or went (an edited one did both) for each one that is there are put up with. */
const MOST_CHANGED_SHARE = 0.5;

/** Of 4 KB: 30 ms, up to 130 of many rows. */
const PAGES_A_STEP = 500; // Fault build: 4

/** Rows between two turns of the event loop: libsql holds on to about a kilobyte of each call until then. */
const ROWS_A_STEP = 100;

/** characters */
const LONGEST_OVERLAP = 1_000;
const SHORTEST_OVERLAP = 8;

// As text and not as the blob that it is: Node frees blobs only when the event loop turns, and a transaction may be one
// turn. libsql ends a text at its first NUL; none is part of a word.
const TEXT = `replace(cast(t.text as text), char(0), ' ')`;
const CHUNK_SQL = `select c.id, ${TEXT}, c.symbol, f.path from chunks c
  join files f on f.id = c.file_id join chunk_texts t on t.chunk_id = c.id`;
const NEXT_OF_FILE_SQL = `select c.ordinal, ${TEXT}, c.start_line, c.end_line from chunks c
  join chunk_texts t on t.chunk_id = c.id where c.file_id = ? and c.ordinal > ? order by c.ordinal limit 1`;

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
  #changed = 0;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** Once for each writer. True when all words have to be made anew, by `makeAnew`. */
  setRules(rules: WordRules): boolean {
    this.#rules = rules;
    return metaValue(this.#database, 'words') !== rules.version || !this.#areComplete();
  }

  /** Within a transaction, stopping every so many rows for the event loop to turn. */
  *makeAnew(): Generator<undefined, void> {
    this.discard();
    createWordTables(this.#database);
    let done = 0;
    for (const row of paged(this.#database, `${CHUNK_SQL} where c.id > ? order by c.id limit ?`, 0)) {
      this.#insertChunk(row);
      if (++done % ROWS_A_STEP === 0) yield;
    }
    for (const [id] of paged(this.#database, 'select id from files where id > ? order by id limit ?', 0)) {
      this.#insertFile(id as number);
      if (++done % ROWS_A_STEP === 0) yield;
    }
    // Fault point: words made anew
    this.noteVersion();
  }

  /** Has the next writer make all words anew: FTS5 has found a table damaged. */
  distrust(): void {
    this.#database.run(`delete from meta where key = 'words'`);
  }

  /** Says in the index, if the rules are known, that all its words are of these. */
  noteVersion(): void {
    if (this.#rules !== undefined) setMetaValue(this.#database, 'words', this.#rules.version);
  }

  /** Before a chunk's text, its symbol or the path of its file goes. */
  chunkGoes(id: number): void {
    if (this.#newChunks.delete(id)) return;
    const row = this.#database.get(`${CHUNK_SQL} where c.id = ?`, id)!;
    const sql = `insert into chunk_words(chunk_words, rowid, body, symbol, path) values ('delete', ?, ?, ?, ?)`;
    this.#database.run(sql, id, ...this.#wordsOfChunk(row));
    this.#changed++;
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
    this.writeChunks();
    for (const id of ascending(this.#newFiles)) this.#insertFile(id);
    if (this.#changed > 0)
      setMetaValue(this.#database, 'changedWords', this.#changedSinceTidy() + this.#changed);
    this.discard();
  }

  /** Earlier than that, where many chunks come in ascending order. */
  writeChunks(): void {
    for (const id of ascending(this.#newChunks))
      this.#insertChunk(this.#database.get(`${CHUNK_SQL} where c.id = ?`, id)!);
    this.#newChunks.clear();
  }

  /** FTS5 leaves what was written at different times in segments of their own, which each search looks through. */
  get areUntidy(): boolean {
    const chunks = metaValue(this.#database, 'chunks') as number;
    return this.#changedSinceTidy() > chunks * MOST_CHANGED_SHARE;
  }

  /** Within a transaction: merges some pages of segments. True when all are merged. */
  tidyStep(isFirst: boolean): boolean {
    const isMore = FTS_TABLES.filter((table) => {
      const before = this.#totalChanges();
      const sql = `insert into ${table}(${table}, rank) values ('merge', ?)`;
      // A negative number starts a merge of all segments, positive ones go on with it; no more than one change: nothing was done.
      this.#database.run(sql, isFirst ? -PAGES_A_STEP : PAGES_A_STEP);
      return this.#totalChanges() - before > 1;
    });
    // Fault point: words tidied in part
    if (isMore.length > 0) return false;
    setMetaValue(this.#database, 'changedWords', 0);
    // Fault point: words tidied
    return true;
  }

  discard(): void {
    this.#newChunks.clear();
    this.#newFiles.clear();
    this.#changed = 0;
  }

  #areComplete(): boolean {
    const [chunks, files] = this.#database.get(
      `select (select count(*) from chunk_words_docsize) = (select value from meta where key = 'chunks'),
              (select count(*) from file_words_docsize) = (select value from meta where key = 'files')`,
    )!;
    return chunks === 1 && files === 1;
  }

  /** All of them in an index of before they were counted. */
  #changedSinceTidy(): number {
    return (metaValue(this.#database, 'changedWords') ?? metaValue(this.#database, 'chunks')) as number;
  }

  #totalChanges(): number {
    return this.#database.get('select total_changes()')![0] as number;
  }

  #writeIfMany(): void {
    if (this.#newChunks.size + this.#newFiles.size >= MOST_WAITING) this.write();
  }

  #insertChunk(row: SqlRow): void {
    this.#changed++;
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
    const path = this.#database.get('select path from files where id = ?', id)![0];
    return [this.#wordsOfChunksOf(id), this.#words(path)];
  }

  /**
   * A file's words out of its chunks, in which a line is not counted twice where one chunk repeats the end of another.
   * Chunk by chunk, since libsql keeps about a kilobyte for each list of rows until the event loop turns, and the
   * words of a whole file at once take many times its size.
   */
  #wordsOfChunksOf(fileId: number): string {
    const words: string[] = [];
    let previous = '';
    let previousEnd = 0;
    for (let after = -1; ;) {
      const row = this.#database.get(NEXT_OF_FILE_SQL, fileId, after);
      if (row === undefined) return words.join('\n');
      const [ordinal, text, startLine, endLine] = row as [number, string, number, number];
      const repeated = startLine <= previousEnd ? repeatedLength(previous, text) : 0;
      words.push(this.#words(text.slice(repeated)));
      previous = text;
      previousEnd = endLine;
      after = ordinal;
    }
  }

  #words(stored: SqlRow[number] | undefined): string {
    if (this.#rules === undefined) throw new Error('words before the rules that make them');
    return this.#rules.wordsOf(String(stored));
  }
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
