/**
 * embed-search as a library: index a folder, open its index and search it, or use the embedder alone.
 * The host process never holds model data; every call that needs vectors talks to a child process.
 *
 * @module
 */
export { createEmbedder } from './lib/embedder/create-embedder.js';
export type { ChildStats } from './lib/embedder/messages.js';
export type {
  CacheOptions,
  EmbedderModel,
  EmbedderOptions,
  EmbedderState,
  EmbedderStats,
  EmbedderStatus,
  Embedding,
  EmbeddingProvider,
  EmbedBatchOptions,
  EmbedOptions,
  RuntimeChoice,
} from './lib/embedder/types.js';
export { EmbedSearchError, ERROR_CODES, type ErrorCode } from './lib/errors.js';
export { indexFolder } from './lib/indexing/index-folder.js';
export { type RefreshOptions, type RefreshOutcome, refreshWords } from './lib/indexing/refresh-words.js';
export type { IndexOptions, IndexOutcome, IndexProgress, IndexResult } from './lib/indexing/types.js';
export { watchFolder, type WatchNotice, type WatchOptions } from './lib/indexing/watch-folder.js';
export type { HostMemory, MemoryReport, ProcessMemory } from './lib/memory.js';
export { resolveModel } from './lib/models/resolve-model.js';
export type { ModelSpec } from './lib/models/types.js';
export { type OpenIndex, openIndex } from './lib/search/open-index.js';
export type {
  SearchHit,
  SearchMode,
  SearchRequest,
  SearchResult,
  SearchScores,
  SimilarRequest,
  UnderstoodAs,
} from './lib/search/types.js';
