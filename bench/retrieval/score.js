// The product's own measures under the short names of the benches.
import { mean, scoreQuery as score } from '../../dist/lib/evaluation/metrics.js';

/** @typedef {{ndcg: number, recall: number, mrr: number}} Scores */

/** @returns {Scores} of one query, over its first 10 documents */
export function scoreQuery(
  /** @type {readonly string[]} */ ranking,
  /** @type {ReadonlyMap<string, number>} */ judgements,
) {
  const { ndcg10, recall10, mrr10 } = score(ranking, judgements);
  return { ndcg: ndcg10, recall: recall10, mrr: mrr10 };
}

/** @returns {Scores} means over queries; of none, 0 */
export function meanScores(/** @type {readonly Scores[]} */ scores) {
  return {
    ndcg: mean(scores.map(({ ndcg }) => ndcg)),
    recall: mean(scores.map(({ recall }) => recall)),
    mrr: mean(scores.map(({ mrr }) => mrr)),
  };
}
