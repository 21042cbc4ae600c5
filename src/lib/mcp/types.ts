import type { MemoryMode } from '../config.js';
import type { SharedEmbedderOptions } from '../search/shared-embedders.js';

/** How a server is started. */
export interface WorkspaceOptions {
  /** Of the program. */
  readonly version: string;
  /** Folders that may be searched; default: what the client names, else `fallback`. */
  readonly folders?: readonly string[] | undefined;
  readonly fallback: string;
  /** Where the index is, when it is not in its folder; for one folder only. */
  readonly indexDir?: string | undefined;
  readonly model?: string | undefined;
  readonly runtime?: SharedEmbedderOptions['runtime'];
  readonly device?: SharedEmbedderOptions['device'];
  readonly lanes?: number | undefined;
  readonly memory?: MemoryMode | undefined;
  readonly maxEmbedderMemory?: number | undefined;
  /** Make an index that is missing with the first search, instead of saying how. */
  readonly autoIndex: boolean;
  /** Start the embedder with the first search, not when a client has listed the tools. */
  readonly lazy: boolean;
  /** Milliseconds that a search waits for an embedder that is not ready. */
  readonly embedderWait: number;
}

/** How far the server has got with somebody's call. */
export interface CallProgress {
  readonly progress: number;
  readonly total?: number;
  readonly message: string;
}

/** A call of a tool, beside its arguments. */
export interface Call {
  readonly signal: AbortSignal;
  /** Only where the client asked to be told. */
  readonly onProgress?: ((progress: CallProgress) => void) | undefined;
}

export interface ResourceLink {
  readonly uri: string;
  readonly name: string;
}

/** What a tool answers: for programs, for a model to read, and what can be read on. */
export interface Answer {
  readonly structured: Record<string, unknown>;
  readonly text: string;
  readonly links?: readonly ResourceLink[];
}
