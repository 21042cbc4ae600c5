import type { MemoryMode } from '../config.js';
import type { RuntimeChoice } from '../embedder/types.js';

export type SearchMode = 'hybrid' | 'vector' | 'lexical';
export type Confidence = 'high' | 'medium' | 'low';

export interface SearchRequest {
  readonly text: string;
  /** How many hits; default 10. */
  readonly limit?: number | undefined;
  readonly mode?: SearchMode | undefined;
  /** One hit a chunk, or only the best chunk of each file. */
  readonly by?: 'chunk' | 'file' | undefined;
  /** Only files that one of these globs matches, relative to the root. */
  readonly globs?: readonly string[] | undefined;
  /** Only files in one of these languages. */
  readonly languages?: readonly string[] | undefined;
  /** Lines before and after each snippet; read from the file where it has not changed. */
  readonly context?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface SearchScores {
  /** Cosine similarity with the query. */
  readonly vector?: number;
  /** BM25, scaled to 0..1 within this query. */
  readonly lexical?: number;
}

export interface SearchHit {
  readonly rank: number;
  /** 0..1 within this query. */
  readonly score: number;
  /** Relative to the root. */
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly language: string;
  readonly symbol?: string;
  readonly snippet: string;
  /** The line of the file that the snippet starts at. */
  readonly snippetStartLine: number;
  readonly scores: SearchScores;
}

export interface SearchResult {
  readonly query: string;
  readonly mode: SearchMode;
  readonly coverage: { readonly chunks: number; readonly withVectors: number };
  readonly confidence: Confidence;
  readonly hits: readonly SearchHit[];
  /** Words had to do, and why. */
  readonly degraded?: { readonly reason: string };
  readonly milliseconds: number;
}

export interface SearcherOptions {
  readonly indexDir: string;
  /** The folder that was indexed; default: the one that the index remembers. */
  readonly root?: string | undefined;
  readonly model?: string | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly lanes?: number | undefined;
  readonly memory?: MemoryMode | undefined;
  /** Bytes of the embedder's own memory that make it start anew; default: learned at work. */
  readonly maxEmbedderMemory?: number | undefined;
}
