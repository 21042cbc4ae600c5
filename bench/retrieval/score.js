// nDCG@10 (linear gain), Recall@10 and MRR@10 as pytrec_eval computes them (trec_eval's ndcg_cut.10, recall.10 and
// recip_rank over the first 10). Held to hand-worked cases by test/bench/score.test.ts.

/**
 * @typedef {ReadonlyMap<string, number>} Judgements  document -> grade; grades of 0 and below are not relevant
 * @typedef {{ndcg: number, recall: number, mrr: number}} Scores
 */

/**
 * Scores of one query. A document that is ranked twice counts once, where it stands first.
 *
 * @param {readonly string[]} ranking documents, best first
 * @param {Judgements} judgements
 * @param {number} [depth]
 * @returns {Scores}
 */
export function scoreQuery(ranking, judgements, depth = 10) {
  const ranked = [...new Set(ranking)].slice(0, depth);
  const gains = ranked.map((document) => Math.max(0, judgements.get(document) ?? 0));
  const ideal = [...judgements.values()].filter((grade) => grade > 0).sort((a, b) => b - a);
  const first = gains.findIndex((gain) => gain > 0);
  const best = discounted(ideal.slice(0, depth));
  return {
    ndcg: best === 0 ? 0 : discounted(gains) / best,
    recall: ideal.length === 0 ? 0 : gains.filter((gain) => gain > 0).length / ideal.length,
    mrr: first === -1 ? 0 : 1 / (first + 1),
  };
}

/**
 * Means over queries; of none, 0.
 *
 * @param {readonly Scores[]} scores
 * @returns {Scores}
 */
export function meanScores(scores) {
  const mean = (/** @type {keyof Scores} */ name) =>
    scores.reduce((sum, each) => sum + each[name], 0) / Math.max(1, scores.length);
  return { ndcg: mean('ndcg'), recall: mean('recall'), mrr: mean('mrr') };
}

/** DCG with linear gain: Järvelin and Kekäläinen 2002, with log2(rank + 1) as in trec_eval. */
function discounted(/** @type {readonly number[]} */ gains) {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
}
