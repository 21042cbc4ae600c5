import { damagedWords } from './damaged-words.js';
import type { Sqlite } from './sqlite.js';
import { varints } from './varints.js';

export type WordTable = 'chunk_words' | 'file_words';

/** FTS5 keeps the number of rows and the tokens of each column in this row of its data. */
const TOTALS_ROW = 1;
const COUNTED_ROWS = 1_000;
const LENGTHS_A_BLOCK = 1_024;

/** What BM25 needs beside the postings, of one word table in one generation. What was looked up once is kept. */
export class WordStatistics {
  /** of the table */
  readonly rows: number;
  /** tokens */
  readonly averageLength: number;
  readonly #database: Sqlite;
  readonly #table: WordTable;
  /** By the number of a block of rows; 0 for a length that is not known. */
  readonly #lengths = new Map<number, Uint16Array | Uint32Array>();

  constructor(database: Sqlite, table: WordTable) {
    this.#database = database;
    this.#table = table;
    const totals = database.get(`select block from ${table}_data where id = ${TOTALS_ROW}`)?.[0];
    const [rows = 0, ...tokens] = totals === undefined ? [] : varints(totals as Buffer);
    this.rows = rows;
    this.averageLength = tokens.reduce((sum, each) => sum + each, 0) / rows;
  }

  /** Writes how many tokens each of these rows has. Errors: INDEX_DAMAGED where a row has no length. */
  lengthsOf(ids: ArrayLike<number>, lengths: Float64Array): void {
    const unknown: number[] = [];
    for (let index = 0; index < ids.length; index++) {
      lengths[index] = this.#known(ids[index]!);
      if (lengths[index] === 0) unknown.push(ids[index]!);
    }
    if (unknown.length === 0) return;
    // In pieces: what comes back for a row is ten times as long as what is kept of it.
    for (let from = 0; from < unknown.length; from += LENGTHS_A_BLOCK)
      this.#lookUp(unknown.slice(from, from + LENGTHS_A_BLOCK));
    for (let index = 0; index < ids.length; index++)
      if (lengths[index] === 0 && (lengths[index] = this.#known(ids[index]!)) === 0) throw damagedWords();
  }

  #known(id: number): number {
    return this.#lengths.get(Math.floor(id / LENGTHS_A_BLOCK))?.[id % LENGTHS_A_BLOCK] ?? 0;
  }

  /** Each row has the tokens of each of its columns: as one blob for all rows, as texts of chunks come (see chunks.ts). */
  #lookUp(ids: readonly number[]): void {
    const sql = `select json_group_array(d.id), cast(group_concat(cast(d.sz as text), '') as blob)
      from json_each(?) wanted cross join ${this.#table}_docsize d on d.id = wanted.value`;
    const [found, sizes] = this.#database.get(sql, JSON.stringify(ids)) as [string, Buffer | null];
    if (sizes === null) return;
    const rows = JSON.parse(found) as number[];
    const tokens = varints(sizes);
    const columns = tokens.length / rows.length;
    if (!Number.isInteger(columns)) throw damagedWords();
    // A chunk is short; there are very many.
    const Lengths = this.#table === 'chunk_words' ? Uint16Array : Uint32Array;
    for (let row = 0; row < rows.length; row++) {
      const id = rows[row]!;
      const block = Math.floor(id / LENGTHS_A_BLOCK);
      if (!this.#lengths.has(block)) this.#lengths.set(block, new Lengths(LENGTHS_A_BLOCK));
      let length = 0;
      for (let column = 0; column < columns; column++) length += tokens[row * columns + column]!;
      this.#lengths.get(block)![id % LENGTHS_A_BLOCK] = length;
    }
  }

  /**
   * About how many rows have the term. The first and the last ones are counted; how many there are between follows from how
   * far apart these are: of a million rows, to count a word that is everywhere takes as long as the search.
   */
  estimateRowsWith(term: string): number {
    const counted = (order: 'asc' | 'desc') =>
      this.#database.get(
        `select count(*), min(rowid), max(rowid) from
         (select rowid from ${this.#table} where ${this.#table} match ? order by rowid ${order} limit ${COUNTED_ROWS})`,
        quoted(term),
      ) as [count: number, first: number, last: number];
    const [count, first, endOfFirst] = counted('asc');
    if (count < COUNTED_ROWS) return count;
    const [, startOfLast, last] = counted('desc');
    // By the thinner end: a word that is in every row of one folder is not everywhere.
    const distance = Math.max(endOfFirst - first, last - startOfLast);
    return Math.max(count, Math.round((count * (last - first + 1)) / (distance + 1)));
  }
}

/** As an FTS5 string, so that nothing in it is syntax. */
export function quoted(term: string): string {
  return `"${term.replaceAll('\0', ' ').replaceAll('"', '""')}"`;
}
