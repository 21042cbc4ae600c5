/** How often each case is repeated: 200 is the proof, 10 a quick look. */
export const ROUNDS = Number(process.env['EMBED_SEARCH_CRASH_ROUNDS'] ?? 200);

/** Numbers from 0 to 1 that are the same in every run, so that a failure can be met again. */
export function randomNumbers(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) / (0x7fffffff >> 8);
  };
}

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  return figures.toSorted((one, other) => one - other)[Math.floor(figures.length / 2)]!;
}
