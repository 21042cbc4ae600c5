import type { FusedChunk } from './fuse.js';
import type { Confidence } from './types.js';

/** Cosines of the shipped model: related text is mostly above the first, unrelated mostly below the second. */
const HIGH_COSINE = 0.5;
const LOW_COSINE = 0.3;

/** A first, uncalibrated reading of how well the best hit fits: by its cosine, or without one by words alone. */
export function confidenceOf(best: FusedChunk | undefined, wordsFound: number): Confidence {
  if (!best) return 'low';
  if (best.vector === undefined) return wordsFound >= 0.75 ? 'medium' : 'low';
  if (best.vector >= HIGH_COSINE) return 'high';
  return best.vector >= LOW_COSINE ? 'medium' : 'low';
}
