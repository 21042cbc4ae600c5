import { splitChunk } from '../corpus/split-chunk.js';
import type { EmbeddingProvider } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';

export interface QueryVectorOptions {
  /** Goes before the text, as the model asks for. */
  readonly prefix: string;
  /** tokens */
  readonly tokenLimit: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The vectors of a query: one, or one for each of its windows when it is longer than the model takes.
 * Errors: those of the embedder.
 */
export async function queryVectors(
  embedder: EmbeddingProvider,
  text: string,
  options: QueryVectorOptions,
): Promise<Float32Array[]> {
  const { prefix, tokenLimit, signal } = options;
  const embedding = await embedder.embed(prefix + text, signal ? { signal } : {});
  if (embedding.ok) return [embedding.vector];
  if (embedding.reason !== 'too-long') throw new EmbedSearchError('EMBEDDER_FAILED', embedding.detail);
  const pieces = splitChunk({ text, startLine: 1, endLine: 1 }, Math.ceil(embedding.tokens / tokenLimit) + 1);
  if (pieces.length < 2) return [];
  const vectors: Float32Array[] = [];
  for (const piece of pieces) vectors.push(...(await queryVectors(embedder, piece.text, options)));
  return vectors;
}
