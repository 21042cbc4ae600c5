import { FILE_IS_ALLOWED, type FileFilter } from './filter.js';
import { columnsOf, listOf } from './list-of.js';
import { Postings } from './postings.js';
import type { ReadMemory } from './read-memory.js';
import type { TermGains } from './row-scores.js';
import type { Sqlite } from './sqlite.js';
import type { WordScores, WordSearchOptions } from './types.js';
import { quoted, WordStatistics, type WordTable } from './word-statistics.js';
import { mostScoredOf, type Term, type Terms, WordTerms } from './word-terms.js';

/** Of the terms that find nothing by themselves, so many are looked for in what the others found. */
const MOST_COMMON = 8;
/** One that adds less at most is left out; the first hits score 15 to 25. */
const LEAST_OF_COMMON = 1;

/** As in SQLite's FTS5 and as most have it since Robertson and Walker, 1994. */
const K1 = 1.2;
const B = 0.75;
const LEAST_WEIGHT = 1e-6;

const NOTHING: WordScores = { ids: new Float64Array(0), scores: new Float64Array(0) };

interface FoundRow {
  readonly id: number;
  readonly score: number;
}

/**
 * BM25 over one word table in one generation. FTS5 keeps the words; what a row scores is added up here, from the rows of
 * each term: FTS5's own function takes several times as long, and reads all rows of every term first. See docs/decisions/0014.
 */
export class WordSearch {
  readonly #database: Sqlite;
  readonly #table: WordTable;
  readonly #filter: FileFilter;
  readonly #memory: ReadMemory;
  #readStatistics: WordStatistics | undefined;
  #readTerms: WordTerms | undefined;

  constructor(database: Sqlite, table: WordTable, filter: FileFilter, memory: ReadMemory) {
    this.#database = database;
    this.#table = table;
    this.#filter = filter;
    this.#memory = memory;
  }

  /** See WordTerms. */
  rowsWith(term: string): number {
    return this.#terms.rowsWith(term);
  }

  /** Rows with any of the terms, the best first; equal ones by id. */
  search(terms: readonly string[], { limit, filter }: WordSearchOptions): WordScores {
    if (limit <= 0) return NOTHING;
    const { telling, common } = this.#terms.ask(terms, limit);
    if (telling.length === 0) return NOTHING;
    if (filter !== undefined) this.#filter.apply(filter);
    const isFiltered = filter !== undefined;
    if (telling.some((term) => this.#isForFts5(term)))
      return this.#searchByFts5({ telling, common }, limit, isFiltered);
    const { scores } = this.#memory;
    this.#score(telling);
    if (isFiltered) scores.keepOnly(this.#allowedOf(scores.ids));
    // Behind a filter there may be too few rows with a telling term.
    if (common.length > 0 && scores.ids.length < limit / 2)
      return this.#searchByFts5({ telling: [...telling, ...common], common: [] }, limit, isFiltered);
    for (const term of this.#countingOf(common)) this.#addCommon(term, telling);
    return scores.best(limit);
  }

  /** Read when it is first asked for: an index whose words are damaged answers by vectors. */
  get #statistics(): WordStatistics {
    return (this.#readStatistics ??= new WordStatistics(this.#database, this.#table));
  }

  get #terms(): WordTerms {
    return (this.#readTerms ??= new WordTerms(
      this.#statistics,
      new Postings(this.#database, this.#table, this.#memory.doclists),
      this.#memory.tokens,
    ));
  }

  /** A phrase, or one of so many rows that they are not held, nor what each of them gains. */
  #isForFts5({ list, rows, isPhrase }: Term): boolean {
    return isPhrase || (list === undefined && rows > mostScoredOf(this.#statistics.rows));
  }

  /** Those of the common terms that change a score. */
  #countingOf(common: readonly Term[]): Term[] {
    return common
      .slice(0, MOST_COMMON)
      .filter(({ rows }) => this.#weightOf(rows) * (K1 + 1) >= LEAST_OF_COMMON);
  }

  #score(terms: readonly Term[]): void {
    const { scores } = this.#memory;
    const all = terms.map((term): TermGains => term.list ?? this.#rowsByFts5(term, terms));
    scores.start(all.map(({ ids }) => ids));
    this.#fillNorms(scores.ids, scores.norms);
    for (const [index, rows] of all.entries())
      scores.add(rows, this.#weightOf(terms[index]!.rows) * (K1 + 1));
  }

  /** Of a term that stands in so many places that they are not read. */
  #rowsByFts5({ term, rows }: Term, all: readonly Term[]): TermGains {
    const most = this.#statistics.rows / 2;
    // Beside one that tells, what a term in most rows adds is next to nothing, however often it stands there.
    const isNothing = rows > most && all.some((other) => other.rows <= most);
    return isNothing ? { ids: this.#idsOf(quoted(term)) } : this.#gainsOf(term);
  }

  #idsOf(expression: string): Float64Array {
    const sql = `select json_group_array(rowid) from ${this.#table} where ${this.#table} match ?`;
    return Float64Array.from(listOf<number>(this.#database, sql, expression));
  }

  /** By FTS5. In whole numbers: to print a score takes SQLite as long as to find it. */
  #gainsOf(term: string): TermGains {
    const sql = `select json_group_array(rowid), json_group_array(cast(score * 1e12 as integer)) from
      (select rowid, -bm25(${this.#table}) as score from ${this.#table} where ${this.#table} match ? order by rowid)`;
    const [ids, gains] = columnsOf(this.#database, sql, quoted(term)) as [number[], number[]];
    return { ids: Float64Array.from(ids), gains: gains.map((gain) => gain / 1e12) };
  }

  #addCommon(term: Term, telling: readonly Term[]): void {
    const rows = term.list ?? { ids: this.#idsOf(`(${anyOf(telling)}) AND ${quoted(term.term)}`) };
    this.#memory.scores.add(rows, this.#weightOf(term.rows) * (K1 + 1));
  }

  #weightOf(rows: number): number {
    return Math.max(LEAST_WEIGHT, Math.log((this.#statistics.rows - rows + 0.5) / (rows + 0.5)));
  }

  /** What a count is set against in a row: the more, the longer it is. */
  #fillNorms(ids: ArrayLike<number>, norms: Float64Array): void {
    const perToken = (K1 * B) / this.#statistics.averageLength;
    this.#statistics.lengthsOf(ids, norms);
    for (let slot = 0; slot < norms.length; slot++) norms[slot] = K1 * (1 - B) + perToken * norms[slot]!;
  }

  #allowedOf(rows: Float64Array): Float64Array {
    const sql =
      this.#table === 'file_words'
        ? 'select json_group_array(file_id) from json_each(?) j cross join temp.allowed_files on file_id = j.value'
        : `select json_group_array(c.id) from json_each(?) j cross join chunks c on c.id = j.value where ${FILE_IS_ALLOWED}`;
    return Float64Array.from(listOf<number>(this.#database, sql, JSON.stringify([...rows]))).sort();
  }

  /** For phrases, and where so many rows have a term that they are too many to be held. */
  #searchByFts5({ telling, common }: Terms, limit: number, isFiltered: boolean): WordScores {
    const rows = this.#runFts5(anyOf(telling), limit, isFiltered);
    if (common.length === 0) return columns(rows);
    if (rows.length < limit / 2)
      return columns(this.#runFts5(anyOf([...telling, ...common]), limit, isFiltered));
    const counting = this.#countingOf(common);
    if (counting.length === 0) return columns(rows);
    // Rows with terms of both kinds, with the score of all: what the limit left out of these it left out above too.
    const both = this.#runFts5(`(${anyOf(telling)}) AND (${anyOf(counting)})`, limit, isFiltered);
    const scores = new Map([...rows, ...both].map(({ id, score }) => [id, score]));
    const all = [...scores].map(([id, score]) => ({ id, score }));
    return columns(all.sort(byScore).slice(0, limit));
  }

  #runFts5(expression: string, limit: number, isFiltered: boolean): FoundRow[] {
    const allowed = !isFiltered
      ? ''
      : this.#table === 'file_words'
        ? 'and rowid in (select file_id from temp.allowed_files)'
        : `and exists (select 1 from chunks c where c.id = chunk_words.rowid and ${FILE_IS_ALLOWED})`;
    const sql = `select json_group_array(json_object('id', id, 'score', score)) from
      (select rowid as id, -bm25(${this.#table}) as score from ${this.#table}
        where ${this.#table} match ?1 ${allowed} order by score desc, rowid limit ?2)`;
    return listOf<FoundRow>(this.#database, sql, expression, limit).sort(byScore);
  }
}

function columns(rows: readonly FoundRow[]): WordScores {
  return {
    ids: Float64Array.from(rows, ({ id }) => id),
    scores: Float64Array.from(rows, ({ score }) => score),
  };
}

function anyOf(terms: readonly Term[]): string {
  return terms.map(({ term }) => quoted(term)).join(' OR ');
}

function byScore(one: FoundRow, other: FoundRow): number {
  return other.score - one.score || one.id - other.id;
}
