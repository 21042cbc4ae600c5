export type Pooling = 'mean' | 'cls' | 'last';

/** What a text goes through before it is tokenized, because llama.cpp's tokenizer lacks it. */
export type TextNormalization = 'none' | 'nfd-without-marks';

/** One GGUF file and what is done with it. All of it but `path`, `bytes` and `mtimeMs` is part of an index's identity. */
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
  readonly dimensions: number;
  readonly pooling: Pooling;
  /** Tokens, special ones counted: the longest text that is embedded in one piece. */
  readonly tokenLimit: number;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  readonly normalization: TextNormalization;
}

/** The parts of a spec that a caller already knows, so that a large file is not hashed again. */
export interface KnownModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly sha256: string;
}
