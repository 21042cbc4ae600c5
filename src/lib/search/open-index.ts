import type { EmbedderStatus } from '../embedder/types.js';
import type { MemoryReport } from '../memory.js';
import { findIndex } from './find-index.js';
import { Searcher } from './searcher.js';
import type { SearcherOptions, SearchRequest, SearchResult, SimilarRequest } from './types.js';

/** An index that is open for searching. */
export interface OpenIndex {
  /** The folder that hits' paths are relative to. */
  readonly root: string;
  readonly indexDir: string;
  /** Ranked hits. Errors: QUERY_EMPTY, USAGE; with mode `vector` those of model and embedder. */
  search(request: SearchRequest): Promise<SearchResult>;
  /** What is like the passage at a line of an indexed file; starts no embedder. Errors: PATH_NOT_FOUND, USAGE. */
  similar(request: SimilarRequest): Promise<SearchResult>;
  /** This process and its embedder, as they are now. */
  memory(): Promise<MemoryReport>;
  /** What the embedder does now; never starts it. Null as long as no search needed one. */
  embedderStatus(): EmbedderStatus | null;
  /** What was odd but did not keep it from answering. */
  readonly warnings: readonly string[];
  /** Ends the embedder and gives the index free. */
  close(): Promise<void>;
}

/**
 * Opens the index of `folder` or of the nearest folder above it that has one. The embedder starts with the first
 * search that needs it. Errors: INDEX_*, PATH_NOT_FOUND, PATH_NOT_A_FOLDER and those of the machine.
 */
export async function openIndex(
  folder: string,
  options: Partial<Omit<SearcherOptions, 'root'>> = {},
): Promise<OpenIndex> {
  return Searcher.open({ ...options, ...findIndex(folder, options.indexDir) });
}
