import nodePath from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { contentKind } from '../corpus/language.js';
import type { EmbedderStatus } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';
import { type MemoryReport, memoryReport } from '../memory.js';
import { vectorShareOf } from '../models/profiles.js';
import { openLocalStore } from '../store/local-store.js';
import type { SearchFilter, StoreCounts, StoreReader } from '../store/types.js';
import { checkMeanwhile } from './check-meanwhile.js';
import { checkOptions, checkRequest } from './check-request.js';
import { diversify } from './diversify.js';
import { withoutDuplicates } from './duplicates.js';
import { bestOfEachFile } from './each-file.js';
import { findSimilar } from './similar.js';
import { queryTerms } from './query-terms.js';
import {
  gather,
  rangesOf,
  searchWords,
  VECTOR_CANDIDATES,
  VECTORS_PER_HIT,
  WORD_CANDIDATES,
} from './gather.js';
import { type HitEntry, hitsOf } from './hits.js';
import { acceptsAny, both, inlineFilter, pathFilter } from './path-filter.js';
import { IndexEmbedder } from './index-embedder.js';
import { NewestGeneration } from './newest-generation.js';
import type { LegRanges } from './match.js';
import { type Candidate, rank, type RankedChunk } from './rank.js';
import { confidenceOf, relevanceOf } from './relevance.js';
import {
  NOTHING_BY_MEANING,
  noVectors,
  recordedModel,
  SearchByMeaning,
  unreadableVectors,
} from './search-by-meaning.js';
import { termWeights } from './term-weights.js';
import type {
  SearcherOptions,
  SearchMode,
  SearchRequest,
  SearchResult,
  SimilarRequest,
  UnderstoodAs,
} from './types.js';
import { type UnderstoodQuery, understandQuery } from './understand.js';
import { type RankingWeights, weightsFor } from './weights.js';

/** What there is to rank. */
export interface FoundCandidates {
  readonly query: UnderstoodQuery;
  /** `lexical` where hybrid had to do without vectors. */
  readonly mode: SearchMode;
  readonly candidates: readonly Candidate[];
  readonly ranges: LegRanges;
  readonly weights: RankingWeights;
  /** How much a word tells in this index. */
  readonly weightOf: (term: string) => number;
  /** Why words had to do. */
  readonly degraded: string | undefined;
}

/** How much of a folder is code is told by so many files: to a fortieth. */
const SAMPLED_FILES = 400;

/** An open index and, from the first query that needs vectors on, an embedder. */
export class Searcher {
  readonly #generations: NewestGeneration;
  readonly #options: SearcherOptions;
  readonly #embedder: IndexEmbedder;
  readonly #byMeaning: SearchByMeaning;
  /** Of the generation that the reader holds. */
  #counts: StoreCounts;
  #codeShare: number | undefined;
  #identity: string;

  private constructor(reader: StoreReader, options: SearcherOptions) {
    this.#counts = reader.counts();
    this.#identity = JSON.stringify(reader.identity);
    this.#generations = new NewestGeneration(reader, (newest) => this.#takeOver(newest));
    this.#options = options;
    this.#embedder = new IndexEmbedder(options, {
      recorded: () => recordedModel(this.reader),
      folders: () => [this.root, this.indexDir],
    });
    this.#byMeaning = new SearchByMeaning(this.#embedder, () => this.reader);
  }

  /** Opens an index; each search then answers from its newest generation. Errors: INDEX_* and those of the machine. */
  static async open(options: SearcherOptions): Promise<Searcher> {
    return new Searcher(await openLocalStore(options.indexDir).openReader(), options);
  }

  /** The index as the last search saw it. Its fields may be read at any time, its methods called within `use` only. */
  get reader(): StoreReader {
    return this.#generations.reader;
  }

  /** Runs `work` in the newest generation, which stays the same until it ends. Not within another use or search. */
  use<T>(work: (reader: StoreReader) => T | Promise<T>): Promise<T> {
    return this.#generations.use(async (reader) => {
      try {
        return await work(reader);
      } catch (error) {
        throw reader.explain(error);
      }
    });
  }

  /** What the model's profile says of how much meaning counts. */
  get #vectorShare(): number | undefined {
    const { identity } = this.reader;
    return identity === null ? undefined : vectorShareOf(identity.modelId, identity.dimensions);
  }

  get indexDir(): string {
    return this.#options.indexDir;
  }

  /** The folder that hits' paths are relative to. */
  get root(): string {
    return this.#options.root ?? this.reader.root;
  }

  /** This process and its embedder, as they are now. */
  async memory(): Promise<MemoryReport> {
    return memoryReport(await this.#embedder.current?.stats());
  }

  /** What the embedder does now; never starts it. Null as long as no search needed one. */
  embedderStatus(): EmbedderStatus | null {
    return this.#embedder.current?.status() ?? null;
  }

  /** What was odd but did not keep it from answering. */
  get warnings(): readonly string[] {
    return this.reader.warnings;
  }

  /** Begins to start the embedder, so that this overlaps with other work; a failure shows at the query. */
  warmUp(mode: SearchMode): void {
    if (mode === 'lexical' || this.#counts.withVectors === 0) return;
    this.#embedder
      .provide()
      .then((embedder) => embedder.start())
      .catch(() => {});
  }

  /** Ranked hits. In `hybrid`, words alone answer where there can be no vectors, and `degraded` says so. */
  search(request: SearchRequest): Promise<SearchResult> {
    return this.use(() => this.#search(request));
  }

  async #search(request: SearchRequest): Promise<SearchResult> {
    const started = performance.now();
    const {
      text,
      mode = 'hybrid',
      limit = 10,
      by = 'chunk',
      ranking = true,
      explain = false,
      exact = false,
    } = request;
    const found = await this.#candidates(request);
    const { query, degraded } = found;
    const ranked = rank(found.candidates, query, found.ranges, found.weights);
    const scoreOf = relevanceOf(ranked, found);
    const { entries, duplicates } = withoutDuplicates(
      this.reader,
      by === 'file' ? bestOfEachFile(ranked, ({ candidate }) => candidate.fileId) : ranked,
      { idOf: ({ candidate }) => candidate.chunkId, limit },
    );
    // A hit also names its copies that would score too little by themselves.
    const fitting = atLeast(entries, request.minScore ?? 0, scoreOf);
    const chosen = by === 'chunk' && ranking ? diversify(fitting, limit) : fitting.slice(0, limit);
    const hits = await hitsOf(
      this.reader,
      chosen.map((entry) => hitEntry(entry, scoreOf(entry), explain)),
      {
        terms: query.terms,
        weightOf: found.weightOf,
        root: this.root,
        context: request.context ?? 0,
        duplicates,
      },
    );
    const { chunks, withVectors } = this.#counts;
    return {
      query: text,
      mode,
      coverage: { chunks, withVectors },
      confidence: confidenceOf(hits[0]?.score),
      hits,
      ...(exact && mode !== 'lexical' && degraded === undefined ? { exact: true as const } : {}),
      ...(degraded === undefined ? {} : { degraded: { reason: degraded } }),
      ...(explain ? { understood: understoodAs(query) } : {}),
      milliseconds: Math.round((performance.now() - started) * 10) / 10,
    };
  }

  /**
   * What is like the passage at a line of an indexed file, by its stored vector: no embedder is started. In `hybrid`,
   * its words answer while it has none, and `degraded` says so. Errors: PATH_NOT_FOUND for a file that is not in the
   * index, USAGE for a line that it does not have; in `vector` INDEX_MISSING where the passage has no vector, and
   * INDEX_DAMAGED where none can be read.
   */
  similar(request: SimilarRequest): Promise<SearchResult> {
    return this.use((reader) => this.#similar(reader, request));
  }

  async #similar(reader: StoreReader, request: SimilarRequest): Promise<SearchResult> {
    const started = performance.now();
    const { path, line, mode = 'hybrid' } = request;
    checkOptions(mode, request.limit ?? 10);
    const { source, chosen, duplicates, answeredBy, isUnreadable } = await findSimilar(reader, {
      ...request,
      mode,
    });
    const { startLine, endLine, symbol, id } = source;
    const lacking = `${path}:${startLine} has no vector`;
    const damage = isUnreadable ? unreadableVectors() : undefined;
    if (mode === 'vector' && answeredBy !== 'vector') throw damage ?? noVectors(reader, lacking);
    const repeated = duplicates.get(id);
    return {
      query: `${path}:${line}`,
      mode,
      coverage: { chunks: this.#counts.chunks, withVectors: this.#counts.withVectors },
      confidence: confidenceOf(chosen[0]?.score),
      hits: await hitsOf(reader, chosen, {
        terms: queryTerms(source.text),
        weightOf: termWeights(reader, this.#counts.chunks),
        root: this.root,
        context: request.context ?? 0,
        duplicates,
      }),
      ...(mode === 'hybrid' && answeredBy === 'lexical'
        ? { degraded: { reason: damage?.message ?? `${lacking} yet.` } }
        : {}),
      like: {
        path,
        startLine,
        endLine,
        ...(symbol === undefined ? {} : { symbol }),
        ...(repeated === undefined ? {} : { duplicates: repeated }),
      },
      milliseconds: Math.round((performance.now() - started) * 10) / 10,
    };
  }

  /** What there is to rank for a request, and how its parts are weighed: `search` before the ranking. Errors as of `search`. */
  candidates(request: SearchRequest): Promise<FoundCandidates> {
    return this.use(() => this.#candidates(request));
  }

  async #candidates(request: SearchRequest): Promise<FoundCandidates> {
    const { text, mode = 'hybrid', limit = 10, ranking = true, exact = false, signal } = request;
    checkRequest(text, mode, limit);
    const { query, filter } = this.#understand(request);
    // More candidates where many hits are asked for: a file's other chunks take places too.
    const wordLimit = Math.max(WORD_CANDIDATES, limit * 10);
    const depth = Math.max(VECTOR_CANDIDATES, limit * VECTORS_PER_HIT);
    const vectorLeg = { limit: depth, filter, exact, signal };
    const byVector =
      mode === 'lexical'
        ? Promise.resolve(NOTHING_BY_MEANING)
        : this.#byMeaning.search(query.text, mode, vectorLeg, this.#counts);
    // The words are looked up while the embedder works, then the index is held against its checksums.
    const [{ found, degraded }, words] = await Promise.all([
      byVector,
      this.#wordLeg(mode === 'vector' ? [] : query.terms, wordLimit, filter),
      checkMeanwhile(this.reader, byVector),
    ]);
    const legs = { vectors: found, ...words };
    const weightOf = termWeights(this.reader, this.#counts.chunks);
    const answered = mode === 'hybrid' && degraded !== undefined ? 'lexical' : mode;
    const weights = weightsFor(answered, {
      ranking,
      vectorShare: this.#vectorShare,
      codeShare: (this.#codeShare ??= codeShareOf(this.reader)),
    });
    return {
      query,
      mode: answered,
      candidates: gather(this.reader, query, legs, { weightOf, weights, limit }),
      ranges: rangesOf(legs),
      weights,
      weightOf,
      degraded,
    };
  }

  /** Paths of the files that fit best by their words alone, as one would search without chunks; for comparison. */
  filesByWords(text: string, limit: number): Promise<string[]> {
    return this.use((reader) => {
      const { ids } = reader.searchFileWords(understandQuery(text).terms, { limit });
      return reader.filePaths([...ids]);
    });
  }

  async close(): Promise<void> {
    this.#generations.close();
    await this.#embedder.close();
  }

  /** Another generation may have been made by another model: its embedder is not the one that runs. */
  #takeOver(reader: StoreReader): void {
    this.#counts = reader.counts();
    this.#codeShare = undefined;
    const identity = JSON.stringify(reader.identity);
    if (this.#identity === identity) return;
    this.#identity = identity;
    this.#embedder.forget();
  }

  async #wordLeg(terms: readonly string[], limit: number, filter: SearchFilter | undefined) {
    // One turn of the event loop later, so that the texts to embed are on their way first.
    await setImmediate();
    return searchWords(this.reader, terms, limit, filter);
  }

  /** The query, and the files that it may be answered from. A filter in its text that fits no file is words. */
  #understand(request: SearchRequest): {
    query: UnderstoodQuery;
    filter: SearchFilter | undefined;
  } {
    const { text } = request;
    const asked = pathFilter(request);
    const project = nodePath.basename(this.root);
    const query = understandQuery(text, { project });
    if (query.text === '') throw new EmbedSearchError('QUERY_EMPTY', 'The query has nothing to look for.');
    const inline = inlineFilter(query);
    if (inline === undefined) return { query, filter: asked };
    const filter = both(asked, inline)!;
    if (acceptsAny(this.reader, filter)) return { query, filter };
    return { query: understandQuery(text, { filters: false, project }), filter: asked };
  }
}

/** Share of the files that are code; of none, 0. */
function codeShareOf(reader: StoreReader): number {
  const languages = reader.sampleLanguages(SAMPLED_FILES);
  const code = languages.filter((language) => contentKind(language) === 'code');
  return languages.length === 0 ? 0 : code.length / languages.length;
}

function hitEntry(ranked: RankedChunk, score: number, explain: boolean): HitEntry {
  const { chunkId, vector } = ranked.candidate;
  return { chunkId, score, vector, lexical: ranked.lexical, ...(explain ? { parts: ranked.parts } : {}) };
}

/** They are in order, and their relevance is in the same order. */
function atLeast(
  ranked: readonly RankedChunk[],
  minimum: number,
  scoreOf: (entry: RankedChunk) => number,
): readonly RankedChunk[] {
  const end = minimum > 0 ? ranked.findIndex((entry) => scoreOf(entry) < minimum) : -1;
  return end === -1 ? ranked : ranked.slice(0, end);
}

function understoodAs(query: UnderstoodQuery): UnderstoodAs {
  const { kind, text, names, files, phrases, excluded, languages, paths } = query;
  return { kind, text, names, files, phrases, excluded, languages, paths, asksFor: [...query.asksFor] };
}
