import { ERROR_CODES, EmbedSearchError, type ErrorCode } from '../errors.js';
import type { ChunkScore, StoreCounts, StoreReader, VectorSearchOptions } from '../store/types.js';
import type { IndexEmbedder } from './index-embedder.js';
import type { RecordedModel } from './model-of-index.js';
import { queryVectors } from './query-vectors.js';
import type { SearchMode } from './types.js';

export interface FoundByMeaning {
  readonly found: readonly ChunkScore[];
  /** Why words have to do. */
  readonly degraded?: string;
}

interface MeaningOptions extends VectorSearchOptions {
  readonly signal: AbortSignal | undefined;
}

export const NOTHING_BY_MEANING: FoundByMeaning = { found: [] };

/** What the user asks for does not go with this index: words are no answer to that. */
const SETTINGS_OF_ANOTHER: ReadonlySet<ErrorCode> = new Set(['INDEX_OTHER_MODEL', 'INDEX_OTHER_SETTINGS']);

/** The leg of a search that needs the embedder. */
export class SearchByMeaning {
  readonly #embedder: IndexEmbedder;
  readonly #reader: () => StoreReader;

  constructor(embedder: IndexEmbedder, reader: () => StoreReader) {
    this.#embedder = embedder;
    this.#reader = reader;
  }

  /** In `hybrid` what keeps vectors from answering is no error, but said in `degraded`. */
  async search(
    text: string,
    mode: SearchMode,
    options: MeaningOptions,
    { chunks, withVectors }: StoreCounts,
  ): Promise<FoundByMeaning> {
    try {
      if (withVectors === 0) throw noVectors(this.#reader());
      return { found: await this.#search(text, options) };
    } catch (error) {
      if (mode === 'vector' || !(error instanceof EmbedSearchError) || SETTINGS_OF_ANOTHER.has(error.code))
        throw error;
      // Nothing to embed is no fault: an index of an empty folder is not degraded.
      if (chunks === 0) return NOTHING_BY_MEANING;
      return { found: [], degraded: error.message };
    }
  }

  async #search(text: string, { signal, ...options }: MeaningOptions): Promise<ChunkScore[]> {
    const { queryPrefix, tokenLimit } = recordedModel(this.#reader()).identity;
    const embedder = await this.#embedder.provide();
    const best = new Map<number, ChunkScore>();
    let isUnreadable = false;
    const onUnreadable = () => (isUnreadable = true);
    for (const vector of await queryVectors(embedder, text, { prefix: queryPrefix, tokenLimit, signal })) {
      for (const found of await this.#reader().searchVectors(vector, { ...options, onUnreadable })) {
        if (found.score > (best.get(found.chunkId)?.score ?? -Infinity)) best.set(found.chunkId, found);
      }
    }
    if (best.size === 0 && isUnreadable) throw unreadableVectors();
    return [...best.values()].sort((a, b) => b.score - a.score).slice(0, options.limit);
  }
}

/** Errors: as `noVectors` where no run has recorded one. */
export function recordedModel(reader: StoreReader): RecordedModel {
  const { identity, modelFile } = reader;
  if (!identity || !modelFile) throw noVectors(reader);
  return { identity, modelFile };
}

/** Not a vector that was looked for could be read. */
export function unreadableVectors(): EmbedSearchError {
  return new EmbedSearchError(
    'INDEX_DAMAGED',
    'The vectors are missing or damaged on the disk, or may not be read.',
    {
      fix: 'Where access is missing, `embed-search doctor --fix` gives it back; what is lost is embedded again: embed-search index',
    },
  );
}

/** Why there are no vectors to search: what kept the last run from making them, where that is known. */
export function noVectors(reader: StoreReader, lacking = 'The index has no vectors'): EmbedSearchError {
  const { lastRun } = reader;
  const code = lastRun?.errorCode as ErrorCode | undefined;
  const exit = code === undefined ? 0 : ERROR_CODES[code]?.exit;
  if (code !== undefined && (exit === 4 || exit === 5))
    return new EmbedSearchError(code, `${lacking}: ${lastRun?.detail ?? code}`);
  return new EmbedSearchError('INDEX_MISSING', `${lacking} yet.`, {
    fix: 'Run `embed-search index` until it ends well; `--mode lexical` answers from words meanwhile.',
  });
}
