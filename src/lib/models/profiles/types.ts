import type { Pooling, TextNormalization } from '../types.js';

/** What a profile says of its model. Each of these has a source. */
export type ModelFact =
  | 'architecture'
  | 'vocabulary'
  | 'dimensions'
  | 'pooling'
  | 'tokenLimit'
  | 'queryPrefix'
  | 'documentPrefix'
  | 'matryoshka'
  | 'licence'
  | 'parameters';

/** `tokenizer.ggml.model` of the file: WordPiece, unigram, byte-pair, SentencePiece. */
export type TokenizerKind = 'bert' | 't5' | 'gpt2' | 'llama';

/** What a model's card says and its GGUF file does not, and what tells that a file is this model. */
export interface ModelProfile {
  /** What people, `model list` and `model pull` call it. */
  readonly name: string;
  readonly architecture: string;
  readonly tokenizer: TokenizerKind;
  /** Tokens of the vocabulary; converters may pad it a little. */
  readonly vocabulary: number;
  readonly dimensions: number;
  readonly pooling: Pooling;
  /** Tokens, special ones counted. */
  readonly tokenLimit: number;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  /** What llama.cpp's tokenizer lacks; default none. */
  readonly normalization?: TextNormalization;
  /** Lengths that a vector can be cut to: these, or any from `from` up. Absent: it was not trained for that. */
  readonly matryoshka?: readonly number[] | { readonly from: number };
  /** The card has the vector layer-normalised before it is cut. */
  readonly layerNormBeforeCut?: boolean;
  /** The special token that ends every text, also where the file does not ask for it. */
  readonly lastToken?: string;
  /** Tensors without which the file gives other vectors than the model's. */
  readonly neededTensors?: readonly string[];
  /** How much the meaning of a sentence counts against its words in a search, 0..1; without one, what the shipped model has. */
  readonly vectorShare?: number;
  /** millions */
  readonly parameters: number;
  readonly licence: string;
  /** The model's card: the source of every fact that `sources` does not name. */
  readonly card: string;
  readonly sources?: Partial<Readonly<Record<ModelFact, string>>>;
  /** A GGUF of it: what `model pull NAME` fetches. */
  readonly download?: { readonly repository: string; readonly file: string };
}
