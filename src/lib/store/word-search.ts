import { FILE_IS_ALLOWED, type FileFilter } from './filter.js';
import { listOf } from './list-of.js';
import { RowScores } from './row-scores.js';
import type { Sqlite } from './sqlite.js';
import type { WordSearchOptions } from './types.js';
import { quoted, WordStatistics, type WordTable } from './word-statistics.js';
import type { Token, WordTokens } from './word-tokens.js';

/** Each term is looked up by itself: so many take a tenth of a second. A longer text gives its rarest. */
const MOST_TERMS = 1_000;

/**
 * How many rows a query may score if the terms that are not in more of them suffice, and that times the square root of
 * all: where a term is everywhere it hardly counts. See docs/decisions/0014.
 */
const MOST_SCORED = 2_000;
const MOST_SCORED_PER_ROOT = 13;

/** Of the terms that find nothing by themselves, so many are looked for in what the others found. */
const MOST_COMMON = 8;
/** One that adds less at most is left out; the first hits score 15 to 25. */
const LEAST_OF_COMMON = 1;
/** How often a common term stands in a row is counted where so many rows have it, else it stands there once. */
const MOST_COUNTED = 4_000;
/** A term that stands in more places (`self` in many long files) is left to FTS5: so many are a list of 200 KB. */
const MOST_PLACES = 30_000;

/** As in SQLite's FTS5 and as most have it since Robertson and Walker, 1994. */
const K1 = 1.2;
const B = 0.75;
const LEAST_WEIGHT = 1e-6;

/** The most rows that a query scores of so many: a whole number, since SQLite takes no other limit. */
export function mostScoredOf(rows: number): number {
  return Math.max(MOST_SCORED, Math.floor(MOST_SCORED_PER_ROOT * Math.sqrt(rows)));
}

interface FoundRow {
  readonly id: number;
  readonly score: number;
}

/** Rows with a term, ascending: how often it stands in each, or what it adds to the score of each. */
interface TermRows {
  readonly ids: ArrayLike<number>;
  readonly counts?: ArrayLike<number>;
  readonly gains?: ArrayLike<number>;
}

interface Terms {
  /** One of these a row must have to be found. */
  readonly telling: readonly string[];
  /** These count where such a row has them too: with them more rows would be scored than is allowed. */
  readonly common: readonly string[];
}

/**
 * BM25 over one word table in one generation. FTS5 keeps the words; what a row scores is added up here, from the places of
 * each term: FTS5's own function takes several times as long, and reads all rows of every term first. See docs/decisions/0014.
 */
export class WordSearch {
  readonly #database: Sqlite;
  readonly #table: WordTable;
  readonly #filter: FileFilter;
  readonly #tokens: WordTokens;
  #statistics: WordStatistics | undefined;

  constructor(database: Sqlite, table: WordTable, filter: FileFilter, tokens: WordTokens) {
    this.#database = database;
    this.#table = table;
    this.#filter = filter;
    this.#tokens = tokens;
  }

  /** Read when it is first asked for: an index whose words are damaged answers by vectors. */
  get statistics(): WordStatistics {
    return (this.#statistics ??= new WordStatistics(this.#database, this.#table));
  }

  /** What `make` makes of rows with any of the terms, the best first. */
  search<T>(
    terms: readonly string[],
    { limit, filter }: WordSearchOptions,
    make: (id: number, score: number) => T,
  ): T[] {
    if (limit <= 0) return [];
    const { telling, common } = this.#split(terms, limit);
    if (telling.length === 0) return [];
    if (filter !== undefined) this.#filter.apply(filter);
    const isFiltered = filter !== undefined;
    const tokens = this.#tokens.of(telling);
    const isTooMuch = telling.some((term) => this.statistics.rowsWith(term) > this.#mostHeld);
    if (isTooMuch || tokens.includes(undefined))
      return this.#searchByFts5(telling, common, limit, isFiltered).map(({ id, score }) => make(id, score));
    const scores = this.#scoresOf(telling, tokens as Token[]);
    const found = isFiltered ? this.#allowedOf(scores) : scores;
    // Behind a filter there may be too few rows with a telling term.
    if (common.length > 0 && found.ids.length < limit / 2)
      return this.#searchByFts5([...telling, ...common], [], limit, isFiltered).map(({ id, score }) =>
        make(id, score),
      );
    const norms = this.#normsOf(found.ids);
    for (const term of this.#countingOf(common)) this.#addCommon(term, telling, found, norms);
    return found.best(limit, make);
  }

  #split(terms: readonly string[], wanted: number): Terms {
    const distinct = [...new Set(terms)];
    const mostScored = mostScoredOf(this.statistics.rows);
    if (this.statistics.rows <= mostScored && distinct.length <= MOST_TERMS)
      return { telling: distinct, common: [] };
    const known = distinct
      .map((term) => ({ term, rows: this.statistics.rowsWith(term) }))
      .filter(({ rows }) => rows > 0)
      .sort((one, other) => one.rows - other.rows)
      .slice(0, MOST_TERMS);
    let scored = 0;
    const firstCommon = known.findIndex(({ rows }) => {
      if (scored >= wanted && scored + rows > mostScored) return true;
      scored += rows;
      return false;
    });
    const ordered = known.map(({ term }) => term);
    const end = firstCommon === -1 ? ordered.length : firstCommon;
    return { telling: ordered.slice(0, end), common: ordered.slice(end) };
  }

  /** Those of the common terms that change a score. */
  #countingOf(common: readonly string[]): string[] {
    return common
      .slice(0, MOST_COMMON)
      .filter((term) => this.#weightOf(this.statistics.rowsWith(term)) * (K1 + 1) >= LEAST_OF_COMMON);
  }

  #scoresOf(terms: readonly string[], tokens: readonly Token[]): RowScores {
    const most = this.statistics.rows / 2;
    const isWeighty = (rows: number): boolean => rows > 0 && rows <= most;
    const areAnyWeighty = terms.some((term) => isWeighty(this.statistics.rowsWith(term)));
    // Beside such a term, what one in most rows adds is next to nothing, however often it stands there.
    const all = tokens.map((token, index) =>
      areAnyWeighty && this.statistics.rowsWith(terms[index]!) > most
        ? { ids: this.#idsOf(quoted(terms[index]!)) }
        : this.#rowsOf(terms[index]!, token),
    );
    const scores = new RowScores(all.map(({ ids }) => ids));
    const norms = this.#normsOf(scores.ids);
    for (const [index, rows] of all.entries()) {
      // What was counted is no estimate.
      const count = rows.counts?.length ?? this.statistics.rowsWith(terms[index]!);
      this.#add(rows, this.#weightOf(count), scores, norms);
    }
    return scores;
  }

  #add({ ids, counts, gains }: TermRows, weight: number, scores: RowScores, norms: Float64Array): void {
    scores.visit(ids, (slot, index) => {
      const count = counts?.[index] ?? 1;
      scores.values[slot]! += gains?.[index] ?? (weight * (K1 + 1) * count) / (count + norms[slot]!);
    });
  }

  #rowsOf(term: string, token: Token): TermRows {
    const sql = `select json_group_array(doc) from
      (select doc from temp.${this.#table}_places where term = cast(? as text) limit ${MOST_PLACES + 1})`;
    const places = listOf<number>(this.#database, sql, token);
    return places.length > MOST_PLACES ? this.#gainsOf(term) : countsIn(places);
  }

  /** Rows of one term. */
  get #mostHeld(): number {
    return Math.max(MOST_COUNTED, mostScoredOf(this.statistics.rows));
  }

  #idsOf(expression: string): number[] {
    const sql = `select json_group_array(rowid) from ${this.#table} where ${this.#table} match ?`;
    return listOf<number>(this.#database, sql, expression);
  }

  /** By FTS5. In whole numbers: to print a score takes SQLite as long as to find it. */
  #gainsOf(term: string): TermRows {
    const sql = `select json_group_array(rowid), json_group_array(cast(score * 1e12 as integer)) from
      (select rowid, -bm25(${this.#table}) as score from ${this.#table} where ${this.#table} match ? order by rowid)`;
    const [ids, gains] = this.#database.get(sql, quoted(term)) as [string, string];
    return { ids: JSON.parse(ids), gains: (JSON.parse(gains) as number[]).map((gain) => gain / 1e12) };
  }

  #addCommon(term: string, telling: readonly string[], scores: RowScores, norms: Float64Array): void {
    const rows = this.statistics.rowsWith(term);
    // How often it stands in a row would have to be read for all rows that have it: where they are many, once has to do.
    const [token] = rows <= MOST_COUNTED ? this.#tokens.of([term]) : [];
    if (token === undefined)
      this.#add(
        { ids: this.#idsOf(`(${anyOf(telling)}) AND ${quoted(term)}`) },
        this.#weightOf(rows),
        scores,
        norms,
      );
    else {
      const counted = this.#rowsOf(term, token);
      this.#add(counted, this.#weightOf(counted.ids.length), scores, norms);
    }
  }

  #weightOf(rows: number): number {
    return Math.max(LEAST_WEIGHT, Math.log((this.statistics.rows - rows + 0.5) / (rows + 0.5)));
  }

  /** What a count is set against in a row: the more, the longer it is. */
  #normsOf(ids: ArrayLike<number>): Float64Array {
    const perToken = (K1 * B) / this.statistics.averageLength;
    return this.statistics.lengthsOf(ids).map((length) => K1 * (1 - B) + perToken * length);
  }

  #allowedOf(scores: RowScores): RowScores {
    const sql =
      this.#table === 'file_words'
        ? 'select json_group_array(file_id) from json_each(?) j cross join temp.allowed_files on file_id = j.value'
        : `select json_group_array(c.id) from json_each(?) j cross join chunks c on c.id = j.value where ${FILE_IS_ALLOWED}`;
    const ids = listOf<number>(this.#database, sql, JSON.stringify([...scores.ids])).sort(
      (one, other) => one - other,
    );
    const allowed = new RowScores([ids]);
    scores.visit(ids, (slot, index) => (allowed.values[index] = scores.values[slot]!));
    return allowed;
  }

  /** For phrases, and where so many rows have a term that they are too many to be held. */
  #searchByFts5(
    telling: readonly string[],
    common: readonly string[],
    limit: number,
    isFiltered: boolean,
  ): FoundRow[] {
    const rows = this.#runFts5(anyOf(telling), limit, isFiltered);
    if (common.length === 0) return rows;
    if (rows.length < limit / 2) return this.#runFts5(anyOf([...telling, ...common]), limit, isFiltered);
    const counting = this.#countingOf(common);
    if (counting.length === 0) return rows;
    // Rows with terms of both kinds, with the score of all: what the limit left out of these it left out above too.
    const both = this.#runFts5(`(${anyOf(telling)}) AND (${anyOf(counting)})`, limit, isFiltered);
    const scores = new Map([...rows, ...both].map(({ id, score }) => [id, score]));
    return [...scores]
      .map(([id, score]) => ({ id, score }))
      .sort(byScore)
      .slice(0, limit);
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

/** Once for each connection, outside a transaction: what rolls back would take them along. */
export function preparePlaces(database: Sqlite): void {
  for (const table of ['chunk_words', 'file_words'])
    database.exec(`create virtual table temp.${table}_places using fts5vocab(main, ${table}, instance)`);
}

function anyOf(terms: readonly string[]): string {
  return terms.map(quoted).join(' OR ');
}

/** `places`: ascending, each row as often as it is counted. */
function countsIn(places: readonly number[]): TermRows {
  const ids = new Float64Array(places.length);
  const counts = new Uint32Array(places.length);
  let rows = 0;
  for (let at = 0, end = 0; at < places.length; at = end) {
    while (places[end] === places[at]) end++;
    ids[rows] = places[at]!;
    counts[rows++] = end - at;
  }
  return { ids: ids.subarray(0, rows), counts: counts.subarray(0, rows) };
}

function byScore(one: FoundRow, other: FoundRow): number {
  return other.score - one.score || one.id - other.id;
}
