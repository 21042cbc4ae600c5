import type { ChildErrorCode } from './messages.js';
import type { RuntimeName } from './types.js';

/** One model, loaded: inside the child only. */
export interface Runtime {
  readonly name: RuntimeName;
  /** For people: which CPU library or GPU computes. */
  readonly backend: string;
  readonly dimensions: number;
  /** The context that the model was trained with; a longer one aborts the process. */
  readonly trainedTokens: number;
  /** Native contexts that exist now. */
  readonly contexts: number;
  /** The text's tokens with the special ones that the model's kind of vocabulary wants around them. */
  tokenize(text: string): Uint32Array;
  createLane(): RuntimeLane;
  dispose(): Promise<void>;
}

/** Decodes one text at a time: two calls at once on one native context end the process. */
export interface RuntimeLane {
  /** The pooled vector as the model gives it, neither checked nor normalised. */
  embed(tokens: Uint32Array): Promise<ArrayLike<number>>;
}

/** What went wrong in the child, as it is told to the host. */
export class ChildError extends Error {
  override readonly name = 'ChildError';
  readonly code: ChildErrorCode;

  constructor(code: ChildErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
  }
}

export interface RuntimeOptions {
  readonly modelPath: string;
  readonly runtimePath: string;
  readonly lanes: number;
  /** tokens */
  readonly tokenLimit: number;
  readonly cpuLibrary: string;
  /** Tokens that are decoded at once, or null for the whole text. */
  readonly sliceTokens: number | null;
  readonly device: 'cpu' | 'gpu';
  /** Metadata of the file that does not hold: `<architecture>.pooling_type` and the number of the pooling to use. */
  readonly overrides: readonly (readonly [key: string, value: number])[];
  /** The special token that ends every text; empty where the file decides. */
  readonly lastToken: string;
  readonly modelBytes: number;
  /** null where the file does not say */
  readonly layers: number | null;
  /** A step of loading is done: the start is not stuck. */
  readonly onProgress: () => void;
}

/** From so many tokens on llama.cpp's flash attention works in tiles; below it is 2 to 4 times slower than without. */
const FLASH_ATTENTION_TOKENS = 64;

/** How a native context is made for texts of one size class. */
export interface ContextShape {
  /** tokens; also the batch size: an encoder silently gives the vector of the last slice where a text does not fit one batch */
  readonly size: number;
  readonly flashAttention: boolean;
}

/**
 * The context for a text of so many tokens: sizes 64, 128, 256, ... up to the model's limit. A context keeps output
 * buffers of its longest text (vocabulary x 4 bytes a token), so one is used only for texts of its own class.
 */
export function contextShape(tokens: number, tokenLimit: number): ContextShape {
  if (tokens < FLASH_ATTENTION_TOKENS) return { size: FLASH_ATTENTION_TOKENS, flashAttention: false };
  let size = 2 * FLASH_ATTENTION_TOKENS;
  while (size < tokens) size *= 2;
  return { size: Math.max(tokens, Math.min(size, tokenLimit)), flashAttention: true };
}

/**
 * True where a context whose longest text had `longest` tokens holds much more output memory than this text needs. Not
 * for the smallest class: a new context takes as long as a short text.
 */
export function isTooLarge(longest: number, tokens: number, shape: ContextShape): boolean {
  return shape.size > FLASH_ATTENTION_TOKENS && tokens < longest * 0.75;
}

/** The special tokens around a text, by the kind of vocabulary. Source: llama_tokenize_internal of llama.cpp. */
export function withSpecialTokens(tokens: Uint32Array, vocabulary: VocabularyTokens): Uint32Array {
  const first = firstToken(vocabulary);
  const last = lastToken(vocabulary);
  // A vocabulary that puts nothing around a text leaves nothing of an empty one, which llama.cpp cannot decode.
  if (tokens.length === 0 && first < 0 && last < 0)
    return Uint32Array.of(vocabulary.eos >= 0 ? vocabulary.eos : Math.max(0, vocabulary.bos));
  const whole = new Uint32Array(tokens.length + (first < 0 ? 0 : 1) + (last < 0 ? 0 : 1));
  if (first >= 0) whole[0] = first;
  whole.set(tokens, first < 0 ? 0 : 1);
  if (last >= 0) whole[whole.length - 1] = last;
  return whole;
}

/** Token ids below 0 stand for a token that the vocabulary lacks. */
export interface VocabularyTokens {
  readonly kind: 'none' | 'spm' | 'bpe' | 'wpm' | 'ugm' | 'rwkv' | 'plamo2';
  readonly bos: number;
  readonly eos: number;
  readonly sep: number;
  readonly prependBos: boolean;
  readonly appendEos: boolean;
  /** What ends a text whatever the file says, or null. */
  readonly last: number | null;
}

/**
 * The token that a model's profile has at the end of every text, by its name in the vocabulary; null for none.
 * Throws a ChildError where the vocabulary lacks it.
 */
export function lastTokenOf(name: string, tokenize: (text: string) => ArrayLike<number>): number | null {
  if (name === '') return null;
  const tokens = tokenize(name);
  if (tokens.length !== 1)
    throw new ChildError(
      'MODEL_UNSUITABLE',
      `its vocabulary has no token ${name}, which has to end its texts`,
    );
  return tokens[0]!;
}

function firstToken({ kind, bos, prependBos }: VocabularyTokens): number {
  if (kind === 'rwkv') return -1;
  return kind === 'wpm' || prependBos ? bos : -1;
}

function lastToken({ kind, eos, sep, appendEos, last }: VocabularyTokens): number {
  if (last !== null) return last;
  if (kind === 'rwkv') return -1;
  if (kind === 'wpm') return sep;
  return kind === 'ugm' || appendEos ? eos : -1;
}
