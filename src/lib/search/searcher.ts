import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { lanesAndLeanness } from '../config.js';
import { createEmbedder } from '../embedder/create-embedder.js';
import type { EmbedderModel, EmbeddingProvider } from '../embedder/types.js';
import { ERROR_CODES, EmbedSearchError, type ErrorCode } from '../errors.js';
import { type MemoryReport, memoryReport } from '../memory.js';
import { resolveModel } from '../models/resolve-model.js';
import { openLocalStore } from '../store/local-store.js';
import type {
  ChunkScore,
  IndexIdentity,
  ModelFileNote,
  SearchFilter,
  StoreCounts,
  StoreReader,
} from '../store/types.js';
import { confidenceOf } from './confidence.js';
import { withContext } from './context-lines.js';
import { embedderModelOf } from './embedder-model.js';
import { type FusedChunk, fuse, VECTOR_CANDIDATES, WORD_CANDIDATES } from './fuse.js';
import { pathFilter } from './path-filter.js';
import { queryTerms } from './query-terms.js';
import { queryVectors } from './query-vectors.js';
import { bestLines } from './snippet.js';
import type { SearcherOptions, SearchHit, SearchMode, SearchRequest, SearchResult } from './types.js';

/** A query that is longer, in characters, is a file by mistake. */
const LONGEST_QUERY = 1_000_000;

const MODES: ReadonlySet<string> = new Set(['hybrid', 'vector', 'lexical'] satisfies SearchMode[]);

interface LegOptions {
  readonly limit: number;
  readonly filter: SearchFilter | undefined;
  readonly signal: AbortSignal | undefined;
}

interface VectorLeg {
  readonly found: readonly ChunkScore[];
  readonly degraded?: string;
}

const NOTHING_BY_VECTOR: VectorLeg = { found: [] };

/** An open index and, from the first query that needs vectors on, an embedder. */
export class Searcher {
  readonly reader: StoreReader;
  readonly #options: SearcherOptions;
  #embedder: EmbeddingProvider | undefined;
  #model: Promise<EmbedderModel> | undefined;
  /** Of the one generation that the reader holds. */
  readonly #counts: StoreCounts;

  private constructor(reader: StoreReader, options: SearcherOptions) {
    this.reader = reader;
    this.#counts = reader.counts();
    this.#options = options;
  }

  /** Opens an index for as long as the searcher lives. Errors: INDEX_* and those of the machine. */
  static async open(options: SearcherOptions): Promise<Searcher> {
    return new Searcher(await openLocalStore(options.indexDir).openReader(), options);
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
    return memoryReport(await this.#embedder?.stats(), this.reader.modelFile?.bytes ?? 0);
  }

  /** What was odd but did not keep it from answering. */
  get warnings(): readonly string[] {
    return this.reader.warnings;
  }

  /** Begins to start the embedder, so that this overlaps with other work; a failure shows at the query. */
  warmUp(mode: SearchMode): void {
    const { identity, modelFile } = this.reader;
    if (mode === 'lexical' || !identity || !modelFile || this.#counts.withVectors === 0) return;
    this.#embedderFor(identity, modelFile)
      .then((embedder) => embedder.start())
      .catch(() => {});
  }

  /** Ranked hits. In `hybrid`, words alone answer where there can be no vectors, and `degraded` says so. */
  async search(request: SearchRequest): Promise<SearchResult> {
    const started = performance.now();
    const { text, mode = 'hybrid', limit = 10, by = 'chunk', signal } = request;
    checkRequest(text, mode, limit);
    const counts = this.#counts;
    const filter = pathFilter(request.globs, request.languages);
    const terms = queryTerms(text);
    // More candidates where many hits are asked for: a file's other chunks take places too.
    const wordLeg = { limit: Math.max(WORD_CANDIDATES, limit * 10), filter, signal };
    const vectorLeg = { limit: Math.max(VECTOR_CANDIDATES, limit * 3), filter, signal };
    // The words are looked up while the embedder works.
    const [vectors, words] = await Promise.all([
      mode === 'lexical' ? NOTHING_BY_VECTOR : this.#vectorLeg(text, mode, vectorLeg),
      this.#wordLeg(mode === 'vector' ? [] : terms, wordLeg),
    ]);
    const fused = fuse(
      { vectors: vectors.found, ...words },
      mode === 'hybrid' && vectors.degraded ? 'lexical' : mode,
    );
    const chosen = (by === 'file' ? bestOfEachFile(fused) : fused).slice(0, limit);
    const hits = await this.#hits(chosen, terms, request.context ?? 0);
    return {
      query: text,
      mode,
      coverage: { chunks: counts.chunks, withVectors: counts.withVectors },
      confidence: confidenceOf(chosen[0], shareOfWords(terms, hits[0]?.snippet ?? '')),
      hits,
      ...(vectors.degraded === undefined ? {} : { degraded: { reason: vectors.degraded } }),
      milliseconds: Math.round((performance.now() - started) * 10) / 10,
    };
  }

  async close(): Promise<void> {
    await this.#embedder?.close();
    this.reader.close();
  }

  /** The model that made the vectors, where it is now: those of different models never meet. */
  async #embedderModel(identity: IndexIdentity, modelFile: ModelFileNote): Promise<EmbedderModel> {
    const { model } = this.#options;
    const known = { ...modelFile, sha256: identity.modelSha256 };
    const recorded = embedderModelOf(identity, modelFile);
    if (model === undefined) {
      if (existsSync(modelFile.path)) return recorded;
      // The shipped one moves with the program.
      const shipped = await resolveModel(undefined);
      return shipped.sha256 === identity.modelSha256 ? shipped : recorded;
    }
    const asked = await resolveModel(model, { known });
    if (asked.sha256 === identity.modelSha256) return asked;
    throw new EmbedSearchError(
      'INDEX_OTHER_MODEL',
      `The index was made by ${identity.modelId} (${identity.modelSha256.slice(0, 8)}), ` +
        `not by ${asked.id} (${asked.sha256.slice(0, 8)}).`,
      { fix: `Leave --model out, or make the index anew: embed-search index --rebuild --model ${model}` },
    );
  }

  /** Why there are no vectors to search: what kept the last run from making them, where that is known. */
  #noVectors(): EmbedSearchError {
    const { lastRun } = this.reader;
    const code = lastRun?.errorCode as ErrorCode | undefined;
    const exit = code === undefined ? 0 : ERROR_CODES[code]?.exit;
    if (code !== undefined && (exit === 4 || exit === 5)) {
      return new EmbedSearchError(code, `The index has no vectors: ${lastRun?.detail ?? code}`);
    }
    return new EmbedSearchError('INDEX_MISSING', 'The index has no vectors yet.', {
      fix: 'Run `embed-search index` until it ends well; `--mode lexical` answers from words meanwhile.',
    });
  }

  /** Also for calls at the same time there is one embedder. */
  async #embedderFor(identity: IndexIdentity, modelFile: ModelFileNote): Promise<EmbeddingProvider> {
    this.#model ??= this.#embedderModel(identity, modelFile);
    const model = await this.#model.catch((error: unknown) => {
      this.#model = undefined; // a file that comes back is found by the next query
      throw error;
    });
    const { runtime, memory = 'auto', lanes, maxEmbedderMemory } = this.#options;
    this.#embedder ??= createEmbedder({
      model,
      ...(runtime ? { runtime } : {}),
      ...(maxEmbedderMemory === undefined ? {} : { maxMemoryBytes: maxEmbedderMemory }),
      ...lanesAndLeanness('query', memory, lanes),
    });
    return this.#embedder;
  }

  async #vectorLeg(text: string, mode: SearchMode, options: LegOptions): Promise<VectorLeg> {
    try {
      return { found: await this.#searchVectors(text, options) };
    } catch (error) {
      if (mode === 'vector' || !(error instanceof EmbedSearchError) || error.code === 'INDEX_OTHER_MODEL')
        throw error;
      // Nothing to embed is no fault: an index of an empty folder is not degraded.
      if (this.#counts.chunks === 0) return NOTHING_BY_VECTOR;
      return { found: [], degraded: error.message };
    }
  }

  async #wordLeg(terms: readonly string[], options: LegOptions) {
    // One turn of the event loop later, so that the texts to embed are on their way first.
    await setImmediate();
    return {
      chunkWords: this.reader.searchChunkWords(terms, options),
      fileWords: this.reader.searchFileWords(terms, options),
    };
  }

  async #searchVectors(text: string, { limit, filter, signal }: LegOptions): Promise<ChunkScore[]> {
    const { identity, modelFile } = this.reader;
    if (!identity || !modelFile || this.#counts.withVectors === 0) throw this.#noVectors();
    const embedder = await this.#embedderFor(identity, modelFile);
    const { queryPrefix, tokenLimit } = identity;
    const best = new Map<number, ChunkScore>();
    for (const vector of await queryVectors(embedder, text, { prefix: queryPrefix, tokenLimit, signal })) {
      for (const found of await this.reader.searchVectors(vector, { limit, filter })) {
        if (found.score > (best.get(found.chunkId)?.score ?? -Infinity)) best.set(found.chunkId, found);
      }
    }
    return [...best.values()].sort((a, b) => b.score - a.score).slice(0, limit);
  }

  async #hits(
    chosen: readonly FusedChunk[],
    terms: readonly string[],
    context: number,
  ): Promise<SearchHit[]> {
    const chunks = new Map(
      this.reader.chunks(chosen.map(({ chunkId }) => chunkId)).map((chunk) => [chunk.id, chunk]),
    );
    const hits: SearchHit[] = [];
    for (const { chunkId, score, vector, lexical } of chosen) {
      const chunk = chunks.get(chunkId);
      if (!chunk) continue;
      let snippet = bestLines(chunk.text, chunk.startLine, terms);
      const file = context > 0 ? this.reader.fileByPath(chunk.path) : undefined;
      if (file) snippet = await withContext(snippet, this.root, file, context);
      hits.push({
        rank: hits.length + 1,
        score: round(score),
        path: chunk.path,
        startLine: chunk.startLine,
        endLine: chunk.endLine,
        language: chunk.language,
        ...(chunk.symbol === undefined ? {} : { symbol: chunk.symbol }),
        snippet: snippet.text,
        snippetStartLine: snippet.startLine,
        scores: {
          ...(vector === undefined ? {} : { vector: round(vector) }),
          ...(lexical === undefined ? {} : { lexical: round(lexical) }),
        },
      });
    }
    return hits;
  }
}

function checkRequest(text: string, mode: SearchMode, limit: number): void {
  if (typeof text !== 'string') throw new EmbedSearchError('USAGE', 'A search takes { text }, a string.');
  if (!MODES.has(mode)) throw new EmbedSearchError('USAGE', `There is no mode ${JSON.stringify(mode)}.`);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new EmbedSearchError('USAGE', `The limit is a whole number from 1 on, not ${limit}.`);
  }
  if (text.trim() === '') throw new EmbedSearchError('QUERY_EMPTY', 'The query is empty.');
  if (text.length > LONGEST_QUERY) {
    throw new EmbedSearchError(
      'USAGE',
      `The query has ${text.length} characters; ${LONGEST_QUERY} are the most.`,
      {
        fix: 'Ask with the part that says what you are looking for.',
      },
    );
  }
}

function bestOfEachFile(fused: readonly FusedChunk[]): FusedChunk[] {
  const seen = new Set<number>();
  return fused.filter(({ fileId }) => !seen.has(fileId) && seen.add(fileId));
}

function shareOfWords(terms: readonly string[], text: string): number {
  if (terms.length === 0) return 0;
  const lower = text.toLowerCase();
  return terms.filter((term) => lower.includes(term)).length / terms.length;
}

function round(score: number): number {
  return Math.round(score * 1e4) / 1e4;
}
