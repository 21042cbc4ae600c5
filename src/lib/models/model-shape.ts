import type { GgufMetadata } from './gguf-metadata.js';
import type { ModelShape } from './types.js';

/** Architectures that llama.cpp runs without a cache. Source: llama-model.cpp, `llama_model::create_memory`. */
const ENCODERS: ReadonlySet<string> = new Set([
  'bert',
  'jina-bert-v2',
  'jina-bert-v3',
  'nomic-bert',
  'nomic-bert-moe',
  'neo-bert',
  'eurobert',
  'modern-bert',
  'gemma-embedding',
]);

/** True where each token sees only those before it: a decoder that was not trained to look both ways. */
export function isCausal(metadata: GgufMetadata, architecture: string): boolean {
  return !ENCODERS.has(architecture) && metadata.values.get(`${architecture}.attention.causal`) !== false;
}

/** The sizes of a model, from its metadata; what a file does not say counts as the usual. */
export function modelShape(
  metadata: GgufMetadata,
  architecture: string,
  embeddingLength: number,
): ModelShape {
  const number = (key: string, usual: number): number => {
    const value = metadata.values.get(`${architecture}.${key}`);
    return typeof value === 'number' && value > 0 && value < 2 ** 31 ? value : usual;
  };
  const heads = number('attention.head_count', 1);
  const headLength = Math.ceil(embeddingLength / heads);
  const keyValueHeads = number('attention.head_count_kv', heads);
  const perHead = number('attention.key_length', headLength) + number('attention.value_length', headLength);
  return {
    layers: number('block_count', 1),
    feedForwardLength: number('feed_forward_length', 4 * embeddingLength),
    heads,
    cacheLength: ENCODERS.has(architecture) ? 0 : keyValueHeads * perHead,
    vocabulary: metadata.arrayLengths.get('tokenizer.ggml.tokens') ?? 0,
    weightBytes: metadata.tensors.bytes,
    matrixBytes: matrixBytes(metadata, architecture),
  };
}

/** Names of tensors that modelShape looks for. */
export const SHAPE_TENSORS: readonly string[] = ['output.weight'];

/** llama.cpp makes a decoder's output of the table of tokens where it has none: a second use, and a second copy. */
function matrixBytes({ tensors }: GgufMetadata, architecture: string): Readonly<Record<string, number>> {
  const { tokenTable, present } = tensors;
  if (ENCODERS.has(architecture) || tokenTable === null || present.has('output.weight'))
    return tensors.matrixBytes;
  const { type, bytes } = tokenTable;
  return { ...tensors.matrixBytes, [type]: (tensors.matrixBytes[type] ?? 0) + bytes };
}
