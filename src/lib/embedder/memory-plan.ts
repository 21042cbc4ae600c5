import { EmbedSearchError } from '../errors.js';
import { contextShape } from './runtime.js';
import { sliceTokens } from './slices.js';

const MB = 1024 * 1024;

/** Node with the binding, before a model. */
const PROCESS_BYTES = 8 * MB;
/** llama.cpp's tables for one token of the vocabulary: its text, the way back, its merges. */
const VOCABULARY_BYTES = 400;
/** The system wants some memory too; and below this nothing runs well. */
const SPARE_BYTES = 256 * MB;
const SHORT_OF_MEMORY = 512 * MB;

/** Tokens of the longest texts that a run usually meets: chunks are cut to fewer, but tokenizers differ. */
export const USUAL_TOKENS = 256;

/** What decides how much memory a model takes; `models/` makes it. */
export interface ModelFootprint {
  /** of the file */
  readonly bytes: number;
  readonly embeddingLength: number;
  readonly tokenLimit: number;
  readonly pooling: 'mean' | 'cls' | 'last';
  readonly isCausal: boolean;
  readonly shape: {
    readonly layers: number;
    readonly feedForwardLength: number;
    readonly heads: number;
    /** Numbers that a token leaves in a layer's cache. */
    readonly cacheLength: number;
    readonly vocabulary: number;
    readonly matrixBytes: Readonly<Record<string, number>>;
  };
}

export interface ExpectedMemory {
  /** Of the process itself. */
  readonly anonymousBytes: number;
  /** Of that, copies of weights in another layout. */
  readonly repackedBytes: number;
  /** The model's file, shared with other processes and given up by the kernel where memory is short. */
  readonly mappedBytes: number;
}

export interface MemorySettings {
  readonly lanes: number;
  readonly lean: boolean;
  /** Tokens of the longest text. */
  readonly tokens: number;
  /** Types of weights that the CPU library copies when it is not lean; null where that is not known here: all are counted. */
  readonly repacked: ReadonlySet<string> | null;
}

/**
 * What an embedder is expected to take: its process, the vocabulary, copied weights, and for each lane the cache
 * (2 bytes a number), llama.cpp's output buffer (vocabulary x 4 bytes for each token decoded at once) and the
 * intermediate results of the widest layer. Calibrated by bench/large-model.js and docs/embedder-protocol.md.
 */
export function expectedMemory(model: ModelFootprint, settings: MemorySettings): ExpectedMemory {
  const { shape, embeddingLength, tokenLimit } = model;
  const tokens = Math.min(settings.tokens, tokenLimit);
  const context = contextShape(tokens, tokenLimit);
  const atOnce = Math.min(tokens, sliceTokens(model, settings.lean) ?? tokens);
  const cache = context.size * shape.cacheLength * shape.layers * 2;
  const outputs = atOnce * shape.vocabulary * 4;
  const scores = context.flashAttention ? 0 : shape.heads * atOnce * context.size * 4;
  const results = atOnce * (3 * shape.feedForwardLength + 8 * embeddingLength) * 4 + scores;
  const repackedBytes = settings.lean ? 0 : bytesOf(shape.matrixBytes, settings.repacked);
  const lanes = settings.lanes * (cache + outputs + results);
  return {
    anonymousBytes: Math.round(PROCESS_BYTES + shape.vocabulary * VOCABULARY_BYTES + repackedBytes + lanes),
    repackedBytes,
    mappedBytes: model.bytes,
  };
}

export interface MemoryQuestion {
  /** `index` wants throughput (a lane for each core), `query` a small process (one lane, lean). */
  readonly job: 'index' | 'query';
  readonly mode: 'auto' | 'fast' | 'lean';
  /** What the user asked for. */
  readonly lanes: number | undefined;
  readonly cores: number;
  /** Bytes that can still be taken. */
  readonly freeBytes: number;
  /** null where the model's sizes are not at hand: a query does not read its file. */
  readonly model: ModelFootprint | null;
  readonly repacked: ReadonlySet<string> | null;
}

export interface MemoryPlan {
  readonly lanes: number;
  readonly lean: boolean;
  /** Sentences for the user: that memory decided, and how. */
  readonly notices: readonly string[];
}

/**
 * How many lanes an embedder gets and whether it avoids backends that copy weights. `fast` takes as many lanes as fit
 * what is free; errors: EMBEDDER_OUT_OF_MEMORY where not even one does.
 */
export function planMemory(question: MemoryQuestion): MemoryPlan {
  const { job, mode, lanes, model, freeBytes } = question;
  const notices = model === null ? [] : fileNotice(model, freeBytes);
  if (mode === 'lean' || (mode === 'auto' && job === 'query'))
    return { lanes: lanes ?? 1, lean: true, notices };
  const wanted = lanes ?? (job === 'query' ? 1 : Math.min(question.cores, 16));
  if (model === null) return { lanes: wanted, lean: false, notices };
  const need = (each: number): number => needOf(model, each, question.repacked);
  if (mode === 'auto') {
    const least = Math.max(SHORT_OF_MEMORY, need(wanted));
    if (freeBytes >= least) return { lanes: wanted, lean: false, notices };
    const why = `Memory is short (${megabytes(freeBytes)} free, ${megabytes(least)} wanted): one lane, and no CPU backend that copies weights (--memory lean).`;
    return { lanes: lanes ?? 1, lean: true, notices: [why, ...notices] };
  }
  let fitting = wanted;
  while (fitting > 0 && need(fitting) > freeBytes) fitting--;
  if (fitting === 0) {
    throw new EmbedSearchError(
      'EMBEDDER_OUT_OF_MEMORY',
      `--memory fast would take about ${megabytes(need(1))} for this model, and ${megabytes(freeBytes)} are free.`,
      { fix: 'Use --memory lean, or leave it out: auto takes lean where memory is short.' },
    );
  }
  if (fitting === wanted) return { lanes: wanted, lean: false, notices };
  const fewer = `${fitting} instead of ${wanted} lanes: ${megabytes(freeBytes)} of memory are free, ${megabytes(need(wanted))} would be wanted.`;
  return { lanes: fitting, lean: false, notices: [fewer, ...notices] };
}

function needOf(model: ModelFootprint, lanes: number, repacked: ReadonlySet<string> | null): number {
  const settings = { lanes, lean: false, tokens: USUAL_TOKENS, repacked };
  return expectedMemory(model, settings).anonymousBytes + SPARE_BYTES;
}

/** Weights that do not stay in memory are read from the disk again for every text. */
function fileNotice({ bytes }: ModelFootprint, freeBytes: number): string[] {
  if (bytes <= freeBytes) return [];
  return [
    `The model file has ${megabytes(bytes)} and ${megabytes(freeBytes)} of memory are free: its weights are read from the disk again and again, which is slow.`,
  ];
}

function bytesOf(matrixBytes: Readonly<Record<string, number>>, types: ReadonlySet<string> | null): number {
  let sum = 0;
  for (const [type, bytes] of Object.entries(matrixBytes)) if (types?.has(type) ?? true) sum += bytes;
  return sum;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / MB).toLocaleString('en-US')} MB`;
}
