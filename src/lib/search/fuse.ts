import type { ChunkScore, FileScore } from '../store/types.js';
import type { SearchMode } from './types.js';

/** What the two legs found for one query; an absent leg is an empty list. */
export interface Candidates {
  readonly vectors: readonly ChunkScore[];
  readonly chunkWords: readonly ChunkScore[];
  readonly fileWords: readonly FileScore[];
}

export interface FusedChunk {
  readonly chunkId: number;
  readonly fileId: number;
  /** 0..1 within the query */
  readonly score: number;
  /** cosine */
  readonly vector?: number;
  /** 0..1 within the query */
  readonly lexical?: number;
}

/** How many candidates each leg gives to the fusion at least: more vectors cost reads and change no ranking. */
export const WORD_CANDIDATES = 1_000;
export const VECTOR_CANDIDATES = 300;

/** Vectors and words count the same; tuned per query and model by later work on ranking. */
const VECTOR_WEIGHT = 0.5;

/** Of the score by words, the share of the whole file; the rest is the chunk's own. */
const FILE_SHARE = 0.5;

/**
 * Each list is scaled to 0..1 within the query and the legs are added: on the sets in docs/benchmarks.md
 * that beats reciprocal rank fusion. Ties go to the lower chunk id, so an order never depends on chance.
 */
export function fuse({ vectors, chunkWords, fileWords }: Candidates, mode: SearchMode): FusedChunk[] {
  const vectorScale = scaler(vectors, VECTOR_CANDIDATES);
  const chunkScale = scaler(chunkWords, WORD_CANDIDATES);
  const fileScale = scaler(fileWords, WORD_CANDIDATES);
  const fileScores = new Map(fileWords.map(({ fileId, score }) => [fileId, fileScale(score)]));
  const found = new Map<number, { fileId: number; vector?: number; words?: number }>();
  for (const { chunkId, fileId, score } of vectors) found.set(chunkId, { fileId, vector: score });
  for (const { chunkId, fileId, score } of chunkWords) {
    const candidate = found.get(chunkId);
    if (candidate) candidate.words = score;
    else found.set(chunkId, { fileId, words: score });
  }

  const fused: FusedChunk[] = [];
  for (const [chunkId, { fileId, vector, words }] of found) {
    const ofFile = fileScores.get(fileId);
    const lexical =
      words === undefined && ofFile === undefined
        ? undefined
        : (1 - FILE_SHARE) * (words === undefined ? 0 : chunkScale(words)) + FILE_SHARE * (ofFile ?? 0);
    fused.push({
      chunkId,
      fileId,
      score: total(mode, vector === undefined ? 0 : vectorScale(vector), lexical ?? 0),
      ...(vector === undefined ? {} : { vector }),
      ...(lexical === undefined ? {} : { lexical }),
    });
  }
  return fused.sort((a, b) => b.score - a.score || a.chunkId - b.chunkId);
}

function total(mode: SearchMode, vector: number, lexical: number): number {
  if (mode === 'vector') return vector;
  if (mode === 'lexical') return lexical;
  return VECTOR_WEIGHT * vector + (1 - VECTOR_WEIGHT) * lexical;
}

/**
 * Maps the best score of a list, which is sorted, to 1 and its `depth`-th to 0: what a hit scores must not depend on
 * how many were asked for. A list of equals is all 1.
 */
function scaler(list: readonly { score: number }[], depth: number): (score: number) => number {
  const high = list[0]?.score ?? 0;
  const low = list[Math.min(list.length, depth) - 1]?.score ?? 0;
  return high > low ? (score) => Math.max(0, (score - low) / (high - low)) : () => 1;
}
