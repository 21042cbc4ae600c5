import type { StoreReader } from '../store/types.js';

/** Frequencies are looked up for so many words; a pasted file has more, and any of them will do. */
const MOST_LOOKUPS = 64;

/** A word that is nowhere is rarer than one that is once. */
const UNKNOWN = 0.5;

/**
 * How much a word tells in this index: the logarithm of its inverse document frequency (Spärck Jones 1972), the most for
 * one that no chunk has. Each word is looked up once, when it is first asked for.
 */
export function termWeights(reader: Pick<StoreReader, 'documentFrequency'>, chunks: number) {
  const known = new Map<string, number>();
  return (term: string): number => {
    const weight = known.get(term);
    if (weight !== undefined) return weight;
    if (known.size >= MOST_LOOKUPS) return 1;
    const frequency = reader.documentFrequency(term);
    const computed = Math.log(1 + chunks / Math.max(frequency, UNKNOWN));
    known.set(term, computed);
    return computed;
  };
}
