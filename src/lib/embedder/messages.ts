import type { RuntimeName } from './types.js';

/** What the host asks for when a child starts. */
export interface InitializeRequest {
  readonly protocolVersion: number;
  readonly modelPath: string;
  /** The file as the host has just seen it, and its SHA-256: the child compares what it has loaded. */
  readonly modelBytes: number;
  readonly modelMtimeMs: number;
  readonly modelSha256: string;
  readonly runtime: RuntimeName;
  /** direct: the folder of `llama-addon.node`; compat: the path of node-llama-cpp's entry module. */
  readonly runtimePath: string;
  readonly lanes: number;
  /** tokens, special ones counted */
  readonly tokenLimit: number;
  /** Numbers of a vector that is given back, and of one as the model makes it. */
  readonly dimensions: number;
  readonly embeddingLength: number;
  readonly cut: 'plain' | 'layer-norm';
  readonly pooling: 'mean' | 'cls' | 'last';
  readonly normalization: 'none' | 'nfd-without-marks';
  /** The special token that ends every text; empty where the file decides. */
  readonly lastToken: string;
  /** Tokens that are decoded at once of a text of which only the last token counts; null where all of it has to go at once. */
  readonly sliceTokens: number | null;
  readonly device: 'cpu' | 'gpu';
  /** Load only this CPU library of the binding's folder; empty for llama.cpp's own choice. */
  readonly cpuLibrary: string;
  readonly heartbeatMs: number;
}

/** What the child found. */
export interface InitializedReply {
  readonly protocolVersion: number;
  readonly runtime: RuntimeName;
  readonly backend: string;
  readonly dimensions: number;
  /** The context that the model was trained with, in tokens. */
  readonly trainedTokens: number;
  readonly tokenLimit: number;
  readonly lanes: number;
  /** Tokens that the vocabulary has, and layers, by the file itself; null where it does not say. */
  readonly vocabularySize: number | null;
  readonly layers: number | null;
  /** That of the file, or what was asked for in its place. */
  readonly pooling: string;
  /** SHA-256 of the file that is mapped. */
  readonly modelSha256: string;
}

/** Counters of the child since its start. */
export interface ChildStats {
  readonly texts: number;
  readonly tokens: number;
  /** Native contexts that exist now. */
  readonly contexts: number;
}

/** One text's result on the wire. `failed`: this text gave no usable vector, the child lives on. */
export type Outcome =
  | { readonly kind: 'vector'; readonly tokens: number; readonly vector: Float32Array }
  | { readonly kind: 'too-long'; readonly tokens: number }
  | { readonly kind: 'failed'; readonly tokens: number; readonly message: string };

export type ChildErrorCode =
  | 'RUNTIME_MISSING'
  | 'MODEL_MISSING'
  | 'MODEL_INVALID'
  | 'MODEL_UNSUITABLE'
  | 'OUT_OF_MEMORY'
  | 'PROTOCOL'
  | 'FAILED';

export type Request =
  | { readonly type: 'initialize'; readonly id: number; readonly initialize: InitializeRequest }
  | { readonly type: 'embed'; readonly id: number; readonly texts: readonly string[] }
  | { readonly type: 'stats'; readonly id: number }
  | { readonly type: 'shutdown'; readonly id: number; readonly graceful: boolean };

export type Reply =
  | { readonly type: 'initialized'; readonly id: number; readonly initialized: InitializedReply }
  | { readonly type: 'embedding'; readonly id: number; readonly index: number; readonly outcome: Outcome }
  | { readonly type: 'stats'; readonly id: number; readonly stats: ChildStats }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'error'; readonly id: number; readonly code: ChildErrorCode; readonly message: string }
  /** `progress` counts steps of work done, `cpuMs` the processor time used: a slow decode is not a stuck one. */
  | { readonly type: 'heartbeat'; readonly id: number; readonly progress: number; readonly cpuMs: number };
