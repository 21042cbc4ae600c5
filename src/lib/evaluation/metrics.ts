/** document -> grade; grades of 0 and below are not relevant */
export type Judgements = ReadonlyMap<string, number>;

/** Of one query, or means over several. */
export interface RetrievalScores {
  readonly ndcg10: number;
  readonly recall10: number;
  readonly mrr10: number;
  /** Whether the first document is relevant. */
  readonly success1: number;
}

export const METRICS = [
  'ndcg10',
  'recall10',
  'mrr10',
  'success1',
] as const satisfies (keyof RetrievalScores)[];

const DEPTH = 10;

/**
 * nDCG@10 (linear gain), Recall@10, MRR@10 and success@1 of one query, as trec_eval defines them (ndcg_cut.10,
 * recall.10, recip_rank over the first 10, success.1). A document that is ranked twice counts once, where it stands first.
 */
export function scoreQuery(ranking: readonly string[], judgements: Judgements): RetrievalScores {
  const ranked = [...new Set(ranking)].slice(0, DEPTH);
  const gains = ranked.map((document) => Math.max(0, judgements.get(document) ?? 0));
  const ideal = [...judgements.values()].filter((grade) => grade > 0).sort((a, b) => b - a);
  const first = gains.findIndex((gain) => gain > 0);
  const best = discounted(ideal.slice(0, DEPTH));
  return {
    ndcg10: best === 0 ? 0 : discounted(gains) / best,
    recall10: ideal.length === 0 ? 0 : gains.filter((gain) => gain > 0).length / ideal.length,
    mrr10: first === -1 ? 0 : 1 / (first + 1),
    success1: first === 0 ? 1 : 0,
  };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

/** DCG with linear gain: Järvelin and Kekäläinen 2002, with log2(rank + 1) as in trec_eval. */
function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
}
