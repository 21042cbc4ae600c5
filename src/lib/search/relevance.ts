import type { LegRanges } from './match.js';
import type { RankedChunk } from './rank.js';
import type { Confidence, SearchMode } from './types.js';

/** A logistic regression: what is added up before the logistic function makes a probability of it. */
interface Calibration {
  readonly base: number;
  /** times the score that the ranking gave: the only one that differs between hits, so their order stays */
  readonly score: number;
  /** times the share of the query's words that one of the first hits has, rarer ones counting more */
  readonly wordShare: number;
  /** times how many words the query has, 0..1: many words found by chance are rarer than one */
  readonly words: number;
  /** times the cosine of the best chunk, and by how much it is above that of the last candidate */
  readonly cosine: number;
  readonly lift: number;
}

/**
 * Fitted on one half of the questions of six sets, by hits that are judged relevant or not, with questions of other sets
 * and such as have no answer; bench/retrieval/calibration.js fits them again. Figures of the other half: docs/search-quality.md.
 */
const CALIBRATIONS: Readonly<Record<SearchMode, Calibration>> = {
  hybrid: { base: -8.09, score: 3.87, wordShare: 2.24, words: 0.56, cosine: 0, lift: 4.03 },
  lexical: { base: -8.57, score: 3.55, wordShare: 3.77, words: 1.2, cosine: 0, lift: 0 },
  vector: { base: -8.53, score: 3.83, wordShare: 0, words: 0, cosine: 3.86, lift: 6.66 },
};

/** So many first hits are asked for the query's words. */
const FIRST_HITS = 3;
const MANY_WORDS = 8;

/** The least score of a hit of each confidence. */
export const LEAST_SCORE: Readonly<Record<Confidence, number>> = { high: 0.6, medium: 0.3, low: 0 };

export interface RankedIn {
  readonly mode: SearchMode;
  readonly ranges: LegRanges;
  readonly query: { readonly terms: readonly string[] };
}

/**
 * How likely a hit is relevant, 0..1, so that a score means the same for every query: a logistic function of its score
 * in the ranking (the order stays) and of how well the query as a whole is met. Platt 1999.
 */
export function relevanceOf(
  ranked: readonly RankedChunk[],
  { mode, ranges, query }: RankedIn,
): (entry: RankedChunk) => number {
  const { base, score: perScore, wordShare, words, cosine, lift } = CALIBRATIONS[mode];
  const shares = ranked.slice(0, FIRST_HITS).map(({ candidate }) => candidate.evidence?.wordShare ?? 0);
  const { high, low } = ranges.vector;
  const ofQuery =
    base +
    wordShare * Math.max(0, ...shares) +
    words * (Math.min(query.terms.length, MANY_WORDS) / MANY_WORDS) +
    cosine * high +
    lift * (high - low);
  // As it is shown: what is compared with --min-score is what a user saw.
  return ({ score }) => Math.round(1e4 / (1 + Math.exp(-(ofQuery + perScore * score)))) / 1e4;
}

/** What the score of the best hit, where there is one, says of the whole result. */
export function confidenceOf(best: number | undefined): Confidence {
  if (best === undefined || best < LEAST_SCORE.medium) return 'low';
  return best < LEAST_SCORE.high ? 'medium' : 'high';
}
