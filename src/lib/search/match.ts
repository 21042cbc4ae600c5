/** The best and the worst score of a leg, which become 1 and 0. */
export interface LegRange {
  readonly high: number;
  readonly low: number;
}

export interface LegRanges {
  readonly vector: LegRange;
  readonly words: LegRange;
  readonly fileWords: LegRange;
}

/** 0..1 within the range; 0 for what the leg did not find. */
export function scaled(score: number | undefined, { high, low }: LegRange): number {
  if (score === undefined) return 0;
  return high > low ? Math.min(1, Math.max(0, (score - low) / (high - low))) : 1;
}

/** 0..1, of a chunk's words and those of its whole file, which count `fileShare`; undefined where neither was found. */
export function lexicalMatch(
  words: number | undefined,
  fileWords: number | undefined,
  ranges: LegRanges,
  fileShare: number,
): number | undefined {
  if (words === undefined && fileWords === undefined) return undefined;
  return (1 - fileShare) * scaled(words, ranges.words) + fileShare * scaled(fileWords, ranges.fileWords);
}

/** 0..1, of words and meaning, which counts `share`. */
export function matchOf(
  lexical: number | undefined,
  vector: number | undefined,
  ranges: LegRanges,
  share: number,
): number {
  return (1 - share) * (lexical ?? 0) + share * scaled(vector, ranges.vector);
}
