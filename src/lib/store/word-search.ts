import { FILE_IS_ALLOWED, type FileFilter } from './filter.js';
import { listOf } from './list-of.js';
import { metaValue } from './schema.js';
import type { Sqlite } from './sqlite.js';
import type { ChunkScore, FileScore, WordSearchOptions } from './types.js';

/** BM25 asks for each term in each chunk: so many take half a second for 15,000 chunks. A longer text gives its rarest. */
const MOST_TERMS = 1_000;

/**
 * How many rows a query may score if the terms that are not in more of them suffice, and that times the square root of
 * all: BM25 costs microseconds a row, and where a term is everywhere it hardly counts. See docs/decisions/0014.
 */
const MOST_SCORED = 2_000;
const MOST_SCORED_PER_ROOT = 13;

const COUNTED_ROWS = 4_000;

/** The most rows that a query scores of so many: a whole number, since SQLite takes no other limit. */
export function mostScoredOf(rows: number): number {
  return Math.max(MOST_SCORED, Math.floor(MOST_SCORED_PER_ROOT * Math.sqrt(rows)));
}

type Table = 'chunk_words' | 'file_words';

/** The id first, the score last. */
type FoundRow = readonly [id: number, ...rest: number[]];

/** Each as an FTS5 string, so that nothing in them is syntax; undefined when there are none. */
function anyOf(terms: readonly string[]): string | undefined {
  const quoted = new Set(terms.map((term) => `"${term.replaceAll('\0', ' ').replaceAll('"', '""')}"`));
  return quoted.size === 0 ? undefined : [...quoted].join(' OR ');
}

export function searchChunkWords(
  database: Sqlite,
  filter: FileFilter,
  terms: readonly string[],
  options: WordSearchOptions,
): ChunkScore[] {
  const { body = 1, symbol = 1, path = 1 } = options.weights ?? {};
  const score = '-bm25(chunk_words, ?1, ?2, ?3)';
  // Unfiltered, the file of a chunk is looked up only for those that made it into the result.
  const sql =
    options.filter === undefined
      ? `select json_group_array(json_array(m.id, c.file_id, m.score)) from
           (select rowid as id, ${score} as score from chunk_words where chunk_words match ?4
             order by score desc, id limit ?5) m
         cross join chunks c on c.id = m.id`
      : `select json_group_array(json_array(id, file_id, score)) from
           (select c.id, c.file_id, ${score} as score from chunk_words w cross join chunks c on c.id = w.rowid
             where chunk_words match ?4 and ${FILE_IS_ALLOWED} order by score desc, c.id limit ?5)`;
  const run = (expression: string) =>
    listOf<[number, number, number]>(database, sql, body, symbol, path, expression, options.limit);
  return search(database, filter, 'chunk_words', terms, options, run).map(([chunkId, fileId, value]) => ({
    chunkId,
    fileId,
    score: value,
  }));
}

export function searchFileWords(
  database: Sqlite,
  filter: FileFilter,
  terms: readonly string[],
  options: WordSearchOptions,
): FileScore[] {
  const { body = 1, path = 1 } = options.weights ?? {};
  const allowed = options.filter === undefined ? '' : `and rowid in (select file_id from temp.allowed_files)`;
  const sql = `select json_group_array(json_array(id, score)) from
    (select rowid as id, -bm25(file_words, ?1, ?2) as score from file_words
      where file_words match ?3 ${allowed} order by score desc, rowid limit ?4)`;
  const run = (expression: string) =>
    listOf<[number, number]>(database, sql, body, path, expression, options.limit);
  const rows = search(database, filter, 'file_words', terms, options, run);
  return rows.map(([fileId, score]) => ({ fileId, score }));
}

/** See StoreReader.documentFrequency. */
export function documentFrequency(database: Sqlite, term: string): number {
  return rowsWith(database, 'chunk_words', term);
}

/**
 * How many rows have the term. The first and the last ones are counted; how many there are between follows from how far
 * apart these are: of a million rows, to count a word that is everywhere takes as long as the search.
 */
function rowsWith(database: Sqlite, table: Table, term: string): number {
  const counted = (order: 'asc' | 'desc') =>
    database.get(
      `select count(*), min(rowid), max(rowid) from
         (select rowid from ${table} where ${table} match ? order by rowid ${order} limit ${COUNTED_ROWS})`,
      anyOf([term])!,
    ) as [count: number, first: number, last: number];
  const [count, first, endOfFirst] = counted('asc');
  if (count < COUNTED_ROWS) return count;
  const [, startOfLast, last] = counted('desc');
  // By the thinner end: a word that is in every row of one folder is not everywhere.
  const distance = Math.max(endOfFirst - first, last - startOfLast);
  return Math.max(count, Math.round((count * (last - first + 1)) / (distance + 1)));
}

/** `run` gives the best rows of an expression, in any order. The best first. */
function search<T extends FoundRow>(
  database: Sqlite,
  filter: FileFilter,
  table: Table,
  terms: readonly string[],
  options: WordSearchOptions,
  run: (expression: string) => T[],
): T[] {
  const { limit } = options;
  if (limit <= 0) return [];
  const [telling, common] = splitTerms(database, table, terms, limit);
  const tellingOnes = anyOf(telling);
  if (tellingOnes === undefined) return [];
  if (options.filter !== undefined) filter.apply(options.filter);
  const rows = run(tellingOnes);
  const commonOnes = anyOf(common);
  if (commonOnes === undefined) return rows.sort(byScore);
  // Behind a filter there may be too few rows with a telling term.
  if (rows.length < limit / 2) return run(anyOf([...telling, ...common])!).sort(byScore);
  // Rows with terms of both kinds, with the score of all: what the limit left out of these it left out above too.
  const byId = new Map(rows.map((row) => [row[0], row]));
  for (const row of run(`(${tellingOnes}) AND (${commonOnes})`)) byId.set(row[0], row);
  return [...byId.values()].sort(byScore).slice(0, limit);
}

function byScore(one: FoundRow, other: FoundRow): number {
  return other.at(-1)! - one.at(-1)! || one[0] - other[0];
}

/**
 * Telling terms, one of which a row must have to be found, and common ones, which count where such a row has them too:
 * those with which more rows would be scored than is allowed, once the others give `wanted`.
 */
function splitTerms(
  database: Sqlite,
  table: Table,
  terms: readonly string[],
  wanted: number,
): [telling: string[], common: string[]] {
  const distinct = [...new Set(terms)];
  const inAll = metaValue(database, table === 'chunk_words' ? 'chunks' : 'files') as number;
  const mostScored = mostScoredOf(inAll);
  if (inAll <= mostScored && distinct.length <= MOST_TERMS) return [distinct, []];
  const countUpTo = `select count(*) from (select 1 from ${table} where ${table} match ? limit ${mostScored})`;
  let known = distinct
    .map((term) => ({ term, rows: database.get(countUpTo, anyOf([term])!)![0] as number }))
    .filter(({ rows }) => rows > 0);
  const rare = known.filter(({ rows }) => rows < mostScored).reduce((sum, { rows }) => sum + rows, 0);
  // Of terms that are everywhere one has to do: the rarest.
  if (rare < wanted) known = known.map(({ term }) => ({ term, rows: rowsWith(database, table, term) }));
  known = known.sort((one, other) => one.rows - other.rows).slice(0, MOST_TERMS);
  let scored = 0;
  const firstCommon = known.findIndex(({ rows }) => {
    if (scored >= wanted && scored + rows > mostScored) return true;
    scored += rows;
    return false;
  });
  const ordered = known.map(({ term }) => term);
  if (firstCommon === -1) return [ordered, []];
  return [ordered.slice(0, firstCommon), ordered.slice(firstCommon)];
}
