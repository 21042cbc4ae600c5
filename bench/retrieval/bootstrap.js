import { bootstrap } from '../../dist/lib/evaluation/bootstrap.js';

/**
 * Is a difference between two rankings more than chance: the mean of the differences of paired scores, and the interval
 * that holds 95 % of its bootstrap means.
 *
 * @param {readonly number[]} scores
 * @param {readonly number[]} baseline of the same queries in the same order
 * @returns {{mean: number, low: number, high: number}}
 */
export function pairedBootstrap(scores, baseline) {
  if (scores.length !== baseline.length) throw new Error('Paired scores are of the same queries');
  return bootstrap(scores.map((score, index) => score - (baseline[index] ?? 0)));
}
