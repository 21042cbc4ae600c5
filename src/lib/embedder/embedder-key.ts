import type { EmbedderModel } from './types.js';

/** All of a model that decides which vectors come back: what differs in any of it must not share an embedder or a cache. */
export function embedderKey(model: EmbedderModel): string {
  const { sha256, path, pooling, dimensions, tokenLimit, normalization } = model;
  const { cut = 'plain', lastToken = '' } = model;
  return JSON.stringify([sha256, path, pooling, dimensions, cut, lastToken, tokenLimit, normalization]);
}
