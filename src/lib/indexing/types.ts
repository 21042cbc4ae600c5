import type { EmbedSearchError } from '../errors.js';
import type { RuntimeChoice } from '../embedder/types.js';
import type { MemoryMode } from '../config.js';
import type { MemoryReport } from '../memory.js';

export interface IndexOptions {
  /** The folder to index. */
  readonly root: string;
  /** Default `<root>/.embed-search`. */
  readonly indexDir?: string | undefined;
  /** A model's name or a GGUF file; default: the model that made the index, else the shipped one. */
  readonly model?: string | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly lanes?: number | undefined;
  readonly memory?: MemoryMode | undefined;
  /** Bytes of the embedder's own memory that make it start anew; default: learned at work. */
  readonly maxEmbedderMemory?: number | undefined;
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** bytes */
  readonly maxFileSize?: number | undefined;
  /** Forget what is there and make the index anew. */
  readonly rebuild?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: IndexProgress) => void) | undefined;
}

export type IndexProgress =
  | { readonly phase: 'walking'; readonly filesSeen: number; readonly chunksAdded: number }
  /** All words are searchable now. */
  | { readonly phase: 'words-ready'; readonly chunks: number; readonly pending: number }
  | { readonly phase: 'loading-model'; readonly model: string }
  | {
      readonly phase: 'embedding';
      readonly done: number;
      readonly total: number;
      readonly chunksPerSecond: number;
      readonly embedderBytes: number | null;
    }
  | { readonly phase: 'publishing' };

export interface SkippedFile {
  readonly path: string;
  readonly reason: string;
  readonly detail?: string;
}

export interface QuarantinedChunk {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly reason: string;
}

/** The result of `index`, as the CLI contract names it. */
export interface IndexResult {
  readonly root: string;
  readonly indexDir: string;
  readonly generation: number;
  readonly model: { readonly id: string; readonly sha256: string; readonly dimensions: number } | null;
  readonly files: {
    readonly seen: number;
    readonly indexed: number;
    readonly unchanged: number;
    readonly removed: number;
    readonly skipped: number;
  };
  /** At most SKIPPED_LISTED entries; `files.skipped` has the count. */
  readonly skipped: readonly SkippedFile[];
  readonly chunks: {
    readonly embedded: number;
    readonly reused: number;
    readonly removed: number;
    readonly total: number;
    readonly withVectors: number;
  };
  readonly quarantined: readonly QuarantinedChunk[];
  readonly restarts: number;
  readonly seconds: number;
  /** Of these, the time in which texts were embedded; the start of the embedder is not counted. */
  readonly embeddingSeconds: number;
  readonly memory: MemoryReport;
}

/** What a run came to. `error` stands beside a result when it was done in part. */
export interface IndexOutcome {
  readonly result: IndexResult;
  readonly error: EmbedSearchError | null;
  readonly warnings: readonly string[];
}

export interface DryRunResult {
  readonly root: string;
  readonly dryRun: true;
  readonly files: {
    readonly seen: number;
    readonly changed: number;
    readonly unchanged: number;
    readonly skipped: number;
  };
  readonly changed: readonly string[];
  readonly skipped: readonly SkippedFile[];
  readonly seconds: number;
}
