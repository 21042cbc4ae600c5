import { FILE_IS_ALLOWED, type FileFilter } from './filter.js';
import type { Sqlite, SqlRow } from './sqlite.js';
import type { ChunkScore, FileScore, WordSearchOptions } from './types.js';

/** BM25 asks for each term in each chunk: so many take half a second for 15,000 chunks. A longer text gives its rarest. */
const MOST_TERMS = 1_000;

/** Any of `terms`, each as an FTS5 string, so that nothing in them is syntax; undefined when there are none. */
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
      ? `select m.id, c.file_id, m.score from
           (select rowid as id, ${score} as score from chunk_words where chunk_words match ?4
             order by score desc, id limit ?5) m
         cross join chunks c on c.id = m.id order by m.score desc, m.id`
      : `select c.id, c.file_id, ${score} as score from chunk_words w cross join chunks c on c.id = w.rowid
          where chunk_words match ?4 and ${FILE_IS_ALLOWED} order by score desc, c.id limit ?5`;
  const rows = search(database, filter, sql, terms, options, [body, symbol, path]);
  return rows.map(([chunkId, fileId, value]) => ({
    chunkId: chunkId as number,
    fileId: fileId as number,
    score: value as number,
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
  const sql = `select rowid, -bm25(file_words, ?1, ?2) as score from file_words
    where file_words match ?3 ${allowed} order by score desc, rowid limit ?4`;
  const rows = search(database, filter, sql, terms, options, [body, path]);
  return rows.map(([fileId, score]) => ({ fileId: fileId as number, score: score as number }));
}

/** In how many chunks the term stands, in any field. */
export function documentFrequency(database: Sqlite, term: string): number {
  return database.get(
    'select count(*) from chunk_words where chunk_words match ?',
    anyOf([term])!,
  )![0] as number;
}

function search(
  database: Sqlite,
  filter: FileFilter,
  sql: string,
  terms: readonly string[],
  options: WordSearchOptions,
  weights: readonly number[],
): SqlRow[] {
  const expression = anyOf(tellingTerms(database, terms));
  if (expression === undefined || options.limit <= 0) return [];
  if (options.filter !== undefined) filter.apply(options.filter);
  return database.all(sql, ...weights, expression, options.limit);
}

function tellingTerms(database: Sqlite, terms: readonly string[]): readonly string[] {
  const distinct = [...new Set(terms)];
  if (distinct.length <= MOST_TERMS) return distinct;
  return distinct
    .map((term) => ({ term, frequency: documentFrequency(database, term) }))
    .filter(({ frequency }) => frequency > 0)
    .sort((a, b) => a.frequency - b.frequency)
    .slice(0, MOST_TERMS)
    .map(({ term }) => term);
}
