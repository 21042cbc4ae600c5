import type { EmbedderChoices } from '../embedder/planned-embedder.js';
import type { EmbedderModel, EmbeddingProvider } from '../embedder/types.js';
import type { ModelChoices } from '../models/types.js';

import type { Place } from './duplicates.js';
import type { FileKind } from './file-kind.js';
import type { ScoreParts } from './score-parts.js';
import type { QueryKind } from './understand.js';

export type SearchMode = 'hybrid' | 'vector' | 'lexical';
export type Confidence = 'high' | 'medium' | 'low';

export interface SearchRequest {
  readonly text: string;
  /** How many hits; default 10. */
  readonly limit?: number | undefined;
  readonly mode?: SearchMode | undefined;
  /** One hit a chunk, or only the best chunk of each file. */
  readonly by?: 'chunk' | 'file' | undefined;
  /** Only this file, or what is below this folder: a path relative to the root, as in hits. */
  readonly within?: string | undefined;
  /** Only files that one of these globs matches, relative to `within` or else the root. */
  readonly globs?: readonly string[] | undefined;
  /** Only files in one of these languages. */
  readonly languages?: readonly string[] | undefined;
  /** Lines before and after each snippet; read from the file where it has not changed. */
  readonly context?: number | undefined;
  /** Score every vector, instead of the candidates that a sketch of them gives. */
  readonly exact?: boolean | undefined;
  /** Only hits whose score is not below this, 0..1. */
  readonly minScore?: number | undefined;
  /** Says of each hit what its score is made of, and how the query was understood. */
  readonly explain?: boolean | undefined;
  /** `false`: words and meaning alone, scaled and added, without what the ranking knows of code; for comparison. */
  readonly ranking?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is like the passage at a line of a file. */
export interface SimilarRequest extends Omit<SearchRequest, 'text'> {
  /** Relative to the root, as in hits. */
  readonly path: string;
  /** 1-based; the chunk that it belongs to is compared. */
  readonly line: number;
}

export interface SearchScores {
  /** Cosine similarity with the query. */
  readonly vector?: number;
  /** BM25, scaled to 0..1 within this query. */
  readonly lexical?: number;
  /** With `explain`: what each part of the ranking added. Their sum orders the hits; `score` is that sum, calibrated. */
  readonly parts?: ScoreParts;
}

export interface SearchHit {
  readonly rank: number;
  /** How likely it is relevant, 0..1: means the same for every query. */
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
  /** Where nearly the same text stands too, lower in the ranking; absent where it does not. */
  readonly duplicates?: readonly Place[];
}

export interface SearchResult {
  readonly query: string;
  readonly mode: SearchMode;
  readonly coverage: { readonly chunks: number; readonly withVectors: number };
  readonly confidence: Confidence;
  readonly hits: readonly SearchHit[];
  /** Every vector was scored. */
  readonly exact?: true;
  /** Words had to do, and why: no embedder, or no vector that could be read. */
  readonly degraded?: { readonly reason: string };
  /** With `explain`. */
  readonly understood?: UnderstoodAs;
  /** What was compared, where the search was for what is like a passage; neither it nor its duplicates are hits. */
  readonly like?: Place & { readonly symbol?: string; readonly duplicates?: readonly Place[] };
  readonly milliseconds: number;
}

/** How a query was read. */
export interface UnderstoodAs {
  readonly kind: QueryKind;
  /** What was looked for, without the syntax. */
  readonly text: string;
  readonly names: readonly string[];
  readonly files: readonly string[];
  readonly phrases: readonly string[];
  readonly excluded: readonly string[];
  readonly languages: readonly string[];
  readonly paths: readonly string[];
  /** Kinds of files that are not lowered, since the query asks for them. */
  readonly asksFor: readonly FileKind[];
}

export interface SearcherOptions extends EmbedderChoices {
  readonly indexDir: string;
  /** The folder that was indexed; default: the one that the index remembers. */
  readonly root?: string | undefined;
  readonly model?: string | undefined;
  /** What is said of the model; what the index was made with must not differ. */
  readonly choices?: ModelChoices | undefined;
  /** Where its embedder comes from when others share it; default: one of its own, with the settings above. */
  readonly embedders?: { of(model: EmbedderModel): EmbeddingProvider } | undefined;
}
