import type { EmbedSearchError } from '../errors.js';
import type { DeviceChoice, RuntimeChoice } from '../embedder/types.js';
import type { MemoryMode } from '../config.js';
import type { MemoryReport } from '../memory.js';
import type { LockWait } from '../store/writer-lock.js';
import type { ModelChoices } from '../models/types.js';

export interface DefaultModel {
  readonly name: string;
  /** The name is not the user's own: it must be that of a model that the user has. */
  readonly installedOnly: boolean;
}

export interface IndexOptions {
  /** The folder to index. */
  readonly root: string;
  /** Default `<root>/.embed-search`. */
  readonly indexDir?: string | undefined;
  /** A model's name or a GGUF file; default: the model that made the index, else the shipped one. */
  readonly model?: string | undefined;
  /** The model of an index that has none yet, where `model` is not given; default: the shipped one. */
  readonly defaultModel?: DefaultModel | undefined;
  /** What is said of the model, over its profile and its file. */
  readonly choices?: ModelChoices | undefined;
  readonly device?: DeviceChoice | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly lanes?: number | undefined;
  readonly memory?: MemoryMode | undefined;
  /** Bytes of the embedder's own memory that make it start anew; default by the model and lanes. */
  readonly maxEmbedderMemory?: number | undefined;
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** bytes */
  readonly maxFileSize?: number | undefined;
  /** Forget what is there and make the index anew. */
  readonly rebuild?: boolean | undefined;
  /** Where another writer holds the index, wait so long for it to end; otherwise that is INDEX_LOCKED at once. */
  readonly waitForLock?: Omit<LockWait, 'signal'> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: IndexProgress) => void) | undefined;
  /** What was decided of each file, what the embedder does, and when: a line each, for who looks for a mistake. */
  readonly onDebug?: ((message: string) => void) | undefined;
  /** Told about once a second while texts are embedded. */
  readonly onMemory?: ((report: MemoryReport) => void) | undefined;
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
