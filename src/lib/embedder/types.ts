import type { ProcessMemory } from '../memory.js';

export type RuntimeName = 'direct' | 'compat';
export type RuntimeChoice = 'auto' | RuntimeName;

/** What the embedder needs to know of a model; `models/` makes it, `embedder/` does not import it. */
export interface EmbedderModel {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
  readonly dimensions: number;
  readonly pooling: 'mean' | 'cls' | 'last';
  /** tokens, special ones counted */
  readonly tokenLimit: number;
  readonly normalization: 'none' | 'nfd-without-marks';
}

export interface EmbedderOptions {
  readonly model: EmbedderModel;
  readonly runtime?: RuntimeChoice;
  /** Contexts of one thread each that decode at the same time; default 1. */
  readonly lanes?: number;
  /** Keep anonymous memory small: no CPU backend that copies weights into another layout. */
  readonly lean?: boolean;
  /** The child's anonymous memory that recycles it; default learned from the model at work. */
  readonly maxMemoryBytes?: number;
}

/** One text's outcome. A text over the model's limit is never cut: it comes back marked, with its length. */
export type Embedding =
  | {
      readonly ok: true;
      /** unit length, `dimensions` numbers */ readonly vector: Float32Array;
      readonly tokens: number;
    }
  | { readonly ok: false; readonly reason: 'too-long'; readonly tokens: number }
  /** This text ends every embedder that gets it, or makes no vector: left out so that the rest can go on. */
  | { readonly ok: false; readonly reason: 'quarantined'; readonly detail: string };

export type EmbedderState = 'idle' | 'starting' | 'ready' | 'stopping' | 'failed';

export interface EmbedderStatus {
  readonly state: EmbedderState;
  readonly health: 'healthy' | 'degraded' | 'failed';
  /** Why it is not healthy. */
  readonly reason?: string;
  readonly pid: number | null;
  readonly restarts: number;
}

export interface EmbedderStats {
  readonly status: EmbedderStatus;
  readonly runtime: RuntimeName | null;
  /** For people: which CPU library or GPU computes. */
  readonly backend: string | null;
  /** Milliseconds from spawn to ready, of the last start. */
  readonly startMilliseconds: number | null;
  readonly texts: number;
  readonly tokens: number;
  /** Read from the system by the host; null when no child runs. */
  readonly memory: ProcessMemory | null;
}

export interface EmbedOptions {
  readonly signal?: AbortSignal;
}

/**
 * Texts in, unit vectors out. Never holds model data itself.
 * Errors: EMBEDDER_*, RUNTIME_MISSING, MODEL_*; an aborted signal rejects with its reason.
 */
export interface EmbeddingProvider {
  embed(text: string, options?: EmbedOptions): Promise<Embedding>;
  /** Any number of texts, in their order; split into protocol-sized requests inside. */
  embedBatch(texts: readonly string[], options?: EmbedOptions): Promise<Embedding[]>;
  /** Starts the child ahead of the first text; `embed` does so by itself. */
  start(): Promise<void>;
  status(): EmbedderStatus;
  stats(): Promise<EmbedderStats>;
  close(): Promise<void>;
}
