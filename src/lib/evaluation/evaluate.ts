import { EmbedSearchError } from '../errors.js';
import { heapTidier } from '../memory/tidy-heap.js';
import type { Searcher } from '../search/searcher.js';
import type { SearchRequest } from '../search/types.js';
import { bootstrap, type Estimate } from './bootstrap.js';
import { documentNames } from './documents.js';
import { METRICS, type RetrievalScores, scoreQuery } from './metrics.js';
import { type EvaluationQuery, readEvaluationSet } from './read-set.js';
import { slicesOf } from './slices.js';

/** Ways to answer that are compared; `hybrid` is what `query` does. */
export const SYSTEMS = ['whole-files', 'lexical', 'vector', 'hybrid-unranked', 'hybrid'] as const;
export type System = (typeof SYSTEMS)[number];

type Asked = Pick<SearchRequest, 'mode' | 'ranking'>;
const REQUESTS: Readonly<Record<Exclude<System, 'whole-files'>, Asked>> = {
  lexical: { mode: 'lexical', ranking: false },
  vector: { mode: 'vector', ranking: false },
  'hybrid-unranked': { mode: 'hybrid', ranking: false },
  hybrid: { mode: 'hybrid', ranking: true },
};

export interface EvaluationOptions {
  /** Default: all. */
  readonly systems?: readonly System[] | undefined;
  /** path -> id, for files whose documents have ids that are no paths. */
  readonly documentIds?: ReadonlyMap<string, string> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called for every query of every system, with its scores. */
  readonly onQuery?: ((line: QueryLine) => void) | undefined;
}

export interface QueryLine {
  readonly system: System;
  readonly query: EvaluationQuery;
  /** Ids of documents, best first. */
  readonly documents: readonly string[];
  readonly scores: RetrievalScores;
  /** Code of the error, or why words alone answered; such a query scores 0. */
  readonly error?: string;
}

export type Estimates = Readonly<Record<keyof RetrievalScores, Estimate>>;

export interface SliceResult {
  readonly name: string;
  readonly queries: number;
  readonly systems: Readonly<Partial<Record<System, Estimates>>>;
  /** nDCG@10 of `hybrid` minus that of each other system, on the same queries. */
  readonly gain: Readonly<Partial<Record<System, Estimate>>>;
}

export interface EvaluationResult {
  readonly set: string;
  readonly root: string;
  readonly queries: number;
  readonly documents: { readonly judged: number; readonly unknown: readonly string[] };
  readonly slices: readonly SliceResult[];
  readonly failed: number;
  /** Mean time of a query, by system. */
  readonly milliseconds: Readonly<Partial<Record<System, number>>>;
}

/** The most unknown ids that a result names. */
const NAMED = 20;

/** An EmbedSearchError of one of these fails for every query alike: no figures are better than figures of zeros. */
const FATAL = new Set([3, 4, 5]);

/**
 * How well an open index answers the questions of a folder in BEIR form, by files: of a file only its first hit counts.
 * A query without an answer scores 0. Errors: those of the set (USAGE) and of index, model and embedder.
 */
export async function evaluate(
  searcher: Searcher,
  folder: string,
  options: EvaluationOptions = {},
): Promise<{ result: EvaluationResult; warnings: string[] }> {
  const set = await readEvaluationSet(folder);
  const names = await searcher.use((reader) => documentNames(reader, set, options.documentIds));
  const queries = set.queries.filter(({ id }) => set.judgements.has(id));
  const warnings = warningsOf(set, queries.length, names);
  if (queries.length === 0) {
    throw new EmbedSearchError(
      'USAGE',
      `None of the ${set.queries.length} queries of ${folder} has a judgement.`,
      {
        fix: 'The first column of qrels/test.tsv names the _id of a query.',
      },
    );
  }
  const systems = options.systems ?? SYSTEMS;
  const scores = new Map<System, RetrievalScores[]>(systems.map((system) => [system, []]));
  const spent = new Map<System, number>(systems.map((system) => [system, 0]));
  const questionEnded = heapTidier();
  let failed = 0;
  for (const query of queries) {
    for (const system of systems) {
      options.signal?.throwIfAborted();
      const started = performance.now();
      const { paths, error } = await answer(searcher, system, query.text, options.signal);
      spent.set(system, spent.get(system)! + performance.now() - started);
      const documents = paths.map(names.idOf);
      const scored = scoreQuery(documents, set.judgements.get(query.id)!);
      scores.get(system)!.push(scored);
      if (error !== undefined) failed += 1;
      options.onQuery?.({
        system,
        query,
        documents,
        scores: scored,
        ...(error === undefined ? {} : { error }),
      });
    }
    questionEnded();
  }
  const slices = slicesOf(queries).map(({ name, queries: positions }): SliceResult => {
    const of = (system: System) => positions.map((position) => scores.get(system)![position]!);
    return { name, queries: positions.length, ...compare(systems, of) };
  });
  const milliseconds = Object.fromEntries(
    systems.map((system) => [system, Math.round((spent.get(system)! / queries.length) * 10) / 10]),
  );
  const documents = { judged: names.judged, unknown: names.unknown.slice(0, NAMED) };
  return {
    result: {
      set: folder,
      root: searcher.root,
      queries: queries.length,
      documents,
      slices,
      failed,
      milliseconds,
    },
    warnings,
  };
}

async function answer(
  searcher: Searcher,
  system: System,
  text: string,
  signal: AbortSignal | undefined,
): Promise<{ paths: string[]; error?: string }> {
  if (system === 'whole-files') return { paths: await searcher.filesByWords(text, 10) };
  try {
    const found = await searcher.search({ text, limit: 10, by: 'file', signal, ...REQUESTS[system] });
    if (found.degraded) return { paths: [], error: found.degraded.reason };
    return { paths: found.hits.map(({ path }) => path) };
  } catch (error) {
    if (!(error instanceof EmbedSearchError) || signal?.aborted || FATAL.has(error.exitCode)) throw error;
    return { paths: [], error: error.code };
  }
}

function compare(
  systems: readonly System[],
  of: (system: System) => RetrievalScores[],
): Pick<SliceResult, 'systems' | 'gain'> {
  const estimates: Partial<Record<System, Estimates>> = {};
  const gain: Partial<Record<System, Estimate>> = {};
  for (const system of systems) {
    const scores = of(system);
    estimates[system] = Object.fromEntries(
      METRICS.map((metric) => [metric, bootstrap(scores.map((each) => each[metric]))]),
    ) as Estimates;
    if (system === 'hybrid' || !systems.includes('hybrid')) continue;
    gain[system] = bootstrap(of('hybrid').map((each, position) => each.ndcg10 - scores[position]!.ndcg10));
  }
  return { systems: estimates, gain };
}

function warningsOf(
  set: { readonly queries: readonly EvaluationQuery[]; readonly judgements: ReadonlyMap<string, unknown> },
  judged: number,
  { unknown }: { readonly unknown: readonly string[] },
): string[] {
  const warnings: string[] = [];
  const ids = new Set(set.queries.map(({ id }) => id));
  const strangers = [...set.judgements.keys()].filter((id) => !ids.has(id));
  if (strangers.length > 0)
    warnings.push(`${strangers.length} judged queries are not in queries.jsonl, ${strangers[0]} first.`);
  if (judged < set.queries.length)
    warnings.push(`${set.queries.length - judged} queries have no judgement and are left out.`);
  if (unknown.length > 0) {
    const named = unknown.slice(0, 3).join(', ');
    warnings.push(
      `${unknown.length} judged documents are no file of the index and count as not found: ${named}.`,
    );
  }
  return warnings;
}
