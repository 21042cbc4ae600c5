import type { CountTokens } from '../corpus/types.js';
import { EmbedSearchError } from '../errors.js';
import { loadShippedTokenCounter } from '../models/wordpiece.js';

let loaded: Promise<CountTokens> | undefined;

/**
 * Exact counts by the shipped model's vocabulary, which is read once. Where that file cannot be read, words still have
 * to be indexed: then three bytes count as a token, and chunks that turn out too long are split when they are embedded.
 */
export function tokenCounter(): Promise<CountTokens> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<CountTokens> {
  try {
    return await loadShippedTokenCounter();
  } catch (error) {
    loaded = undefined;
    if (error instanceof EmbedSearchError) return (text) => Math.ceil(Buffer.byteLength(text) / 3);
    throw error;
  }
}
