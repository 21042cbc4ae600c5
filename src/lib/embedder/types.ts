import type { ProcessMemory } from '../memory.js';
import type { ChildStats } from './messages.js';

export type RuntimeName = 'direct' | 'compat';
export type RuntimeChoice = 'auto' | RuntimeName;
export type DeviceChoice = 'auto' | 'cpu' | 'gpu';

/** What the embedder needs to know of a model; `models/` makes it, `embedder/` does not import it. */
export interface EmbedderModel {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
  /** Numbers of a vector that is given back. */
  readonly dimensions: number;
  /** Numbers of a vector as the model makes it, where it is cut to fewer; default `dimensions`. */
  readonly embeddingLength?: number;
  /** How it is cut: its first numbers as they are (the default), or after layer normalisation. */
  readonly cut?: 'plain' | 'layer-norm';
  /** Over what the file says, where the two differ. */
  readonly pooling: 'mean' | 'cls' | 'last';
  /** tokens, special ones counted */
  readonly tokenLimit: number;
  readonly normalization: 'none' | 'nfd-without-marks';
  /** The special token that ends every text; default: as the file says. */
  readonly lastToken?: string;
  /** A token sees only those before it, so that a text can be fed in slices; default false. */
  readonly isCausal?: boolean;
  /** The types of its weights: whether a CPU backend would copy them into another layout. Default: none of those. */
  readonly weightTypes?: readonly string[];
}

export interface EmbedderOptions {
  readonly model: EmbedderModel;
  readonly runtime?: RuntimeChoice;
  /** Where to compute; default auto: a GPU where a binding for one is installed. */
  readonly device?: DeviceChoice;
  /** Contexts of one thread each that decode at the same time; default 1. */
  readonly lanes?: number;
  /** Keep anonymous memory small: no CPU backend that copies weights into another layout. */
  readonly lean?: boolean;
  /** The child's anonymous memory that recycles it; default by the model and lanes. */
  readonly maxMemoryBytes?: number;
  /** Remember the vectors of the last texts: for queries, which repeat. Default: none are remembered. */
  readonly cache?: CacheOptions;
}

export interface CacheOptions {
  /** default 1,000 */
  readonly entries?: number;
  /** The vectors' bytes; default 16 MiB. */
  readonly bytes?: number;
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
  /** Why it computes on another device than it would have, or null. */
  readonly deviceNotice: string | null;
  /** Milliseconds from spawn to ready, of the last start. */
  readonly startMilliseconds: number | null;
  readonly texts: number;
  readonly tokens: number;
  /** Contexts that decode at the same time: fewer than asked for where memory is short. */
  readonly lanes: number;
  /** Read from the system by the host; null when no child runs. */
  readonly memory: ProcessMemory | null;
  /** The child's own memory over which it is recycled; null while none was started. */
  readonly memoryLimitBytes: number | null;
  /** The size of the model's file, which the child maps. */
  readonly modelFileBytes: number;
  /** What the child says of itself; null while none is ready, and where it is too busy to say. */
  readonly child: ChildStats | null;
}

export interface EmbedOptions {
  readonly signal?: AbortSignal;
}

export interface EmbedBatchOptions extends EmbedOptions {
  /** Told of each text, by its index, as soon as it is done: also of those before one that fails. */
  readonly onEmbedding?: (index: number, embedding: Embedding) => void;
}

/**
 * Texts in, unit vectors out. Never holds model data itself.
 * Errors: EMBEDDER_*, RUNTIME_MISSING, MODEL_*; an aborted signal rejects with its reason.
 */
export interface EmbeddingProvider {
  embed(text: string, options?: EmbedOptions): Promise<Embedding>;
  /** Any number of texts, in their order; split into protocol-sized requests inside. */
  embedBatch(texts: readonly string[], options?: EmbedBatchOptions): Promise<Embedding[]>;
  /** Starts the child ahead of the first text; `embed` does so by itself. */
  start(): Promise<void>;
  /** What it does now: idle, starting, ready, ... Never starts a child, never waits. */
  status(): EmbedderStatus;
  /** Figures; asks a child that is ready, and never starts one. Never rejects. */
  stats(): Promise<EmbedderStats>;
  close(): Promise<void>;
}
