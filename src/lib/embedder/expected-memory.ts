import type { RuntimeName } from './types.js';

/** What is known of an embedder before its first text. */
export interface MemoryFacts {
  readonly runtime: RuntimeName;
  readonly lanes: number;
  /** tokens of the longest text that it takes */
  readonly tokenLimit: number;
  readonly dimensions: number;
  /** null where the model's file does not say */
  readonly vocabularySize: number | null;
  readonly layers: number | null;
  readonly modelBytes: number;
}

const MB = 1024 * 1024;
/** Node, the native library, its tables and the tokens' texts: measured 15 MB and, by the public API, 60. */
const PROCESS_BYTES: Record<RuntimeName, number> = { direct: 24 * MB, compat: 72 * MB };
/** Numbers that a layer has at work at a time for each token, in dimensions: the widest part of it several times. */
const WORKING_WIDTH = 16;
/** As much as any model that we know of has. */
const LARGEST_VOCABULARY = 262_144;
const MOST_LAYERS = 64;
const MARGIN = 2;

/**
 * The most bytes of its own (anonymous) that a healthy embedder takes: the process, a copy of the weights, as some CPU
 * libraries make one, and for each lane and token the output (vocabulary), the layer at work, and keys and values of all layers
 * (two of 2 bytes a dimension), in numbers of 4 bytes.
 * Source: llama_context::output_reserve and llama_kv_cache of llama.cpp; measured: docs/decisions/0010.
 */
export function expectedMemoryBytes(facts: MemoryFacts): number {
  const { runtime, lanes, tokenLimit, dimensions, modelBytes } = facts;
  const vocabulary = facts.vocabularySize ?? LARGEST_VOCABULARY;
  const layers = facts.layers ?? MOST_LAYERS;
  const numbers = vocabulary + (WORKING_WIDTH + layers) * dimensions;
  return PROCESS_BYTES[runtime] + modelBytes + lanes * tokenLimit * 4 * numbers;
}

/** The bytes over which an embedder is recycled unless a user says otherwise: twice what it should need at most. */
export function defaultMemoryLimit(facts: MemoryFacts): number {
  return MARGIN * expectedMemoryBytes(facts);
}
