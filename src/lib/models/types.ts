export type Pooling = 'mean' | 'cls' | 'last';

/** What a text goes through before it is tokenized, because llama.cpp's tokenizer lacks it. */
export type TextNormalization = 'none' | 'nfd-without-marks';

/** How a vector gets fewer dimensions than the model gives: its first ones, as they are or after layer normalisation. */
export type VectorCut = 'plain' | 'layer-norm';

/** What a user says of a model, over what its profile and its file say. */
export interface ModelChoices {
  readonly pooling?: Pooling | undefined;
  readonly queryPrefix?: string | undefined;
  readonly documentPrefix?: string | undefined;
  /** Cut vectors to so many dimensions. */
  readonly dimensions?: number | undefined;
}

/** One GGUF file and what is done with it. All that changes a vector is part of an index's identity. */
export interface ModelSpec {
  /** Short name for people, from the file's own metadata: `all-MiniLM-L6-v2.Q8_0`. */
  readonly id: string;
  /** Absolute path of the GGUF file. */
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** hex */
  readonly sha256: string;
  readonly architecture: string;
  /** Numbers of a vector, after it was cut. */
  readonly dimensions: number;
  /** Numbers of a vector as the model gives it. */
  readonly embeddingLength: number;
  readonly cut: VectorCut;
  readonly pooling: Pooling;
  /** Tokens, special ones counted: the longest text that is embedded in one piece. */
  readonly tokenLimit: number;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  readonly normalization: TextNormalization;
  /** The special token that ends every text; empty where the file decides. */
  readonly lastToken: string;
  /** The name of the profile that knows this model, or null: then the file and the user were believed. */
  readonly profile: string | null;
  readonly shape: ModelShape;
  /** The types of the weights that are multiplied with. */
  readonly weightTypes: readonly string[];
  /** A token sees only those before it. */
  readonly isCausal: boolean;
  /** What was assumed, or looks wrong; sentences for the user. */
  readonly notes: readonly string[];
}

/** What decides how much memory a model takes. */
export interface ModelShape {
  readonly layers: number;
  readonly feedForwardLength: number;
  readonly heads: number;
  /** Numbers that a token leaves in a layer's cache, keys and values together; 0 for an encoder, which has none. */
  readonly cacheLength: number;
  readonly vocabulary: number;
  /** Bytes of all weights. */
  readonly weightBytes: number;
  /** Bytes of the weights that are multiplied with, by their type: backends copy some types into another layout. */
  readonly matrixBytes: Readonly<Record<string, number>>;
}

/** The parts of a spec that a caller already knows, so that a large file is not hashed again. */
export interface KnownModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}
