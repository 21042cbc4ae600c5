// Is a difference between two rankings more than chance: the paired bootstrap over queries (Efron and Tibshirani 1993,
// percentile interval).

const ROUNDS = 10_000;

/**
 * Mean of the differences of paired scores, and the interval that holds 95 % of its bootstrap means. The same scores
 * give the same interval.
 *
 * @param {readonly number[]} scores
 * @param {readonly number[]} baseline of the same queries in the same order
 * @returns {{mean: number, low: number, high: number}}
 */
export function pairedBootstrap(scores, baseline) {
  if (scores.length !== baseline.length) throw new Error('Paired scores are of the same queries');
  const differences = scores.map((score, index) => score - (baseline[index] ?? 0));
  const size = differences.length;
  if (size === 0) return { mean: 0, low: 0, high: 0 };
  const random = randomNumbers(size);
  const means = new Float64Array(ROUNDS);
  for (let round = 0; round < ROUNDS; round++) {
    let sum = 0;
    for (let drawn = 0; drawn < size; drawn++) sum += differences[Math.floor(random() * size)] ?? 0;
    means[round] = sum / size;
  }
  means.sort();
  return {
    mean: differences.reduce((sum, difference) => sum + difference, 0) / size,
    low: means[Math.floor(ROUNDS * 0.025)] ?? 0,
    high: means[Math.ceil(ROUNDS * 0.975) - 1] ?? 0,
  };
}

/** Mulberry32: numbers in 0..1 that are the same in every run. */
function randomNumbers(/** @type {number} */ seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
