import { describe, expect, it } from 'vitest';
import { mean, scoreQuery } from '#dist/lib/evaluation/metrics.js';

const judged = (grades: Record<string, number>) => new Map(Object.entries(grades));

describe('scores of one query, worked by hand', () => {
  it('the one relevant document first is 1 in all', () => {
    expect(scoreQuery(['a', 'b'], judged({ a: 1 }))).toEqual({
      ndcg10: 1,
      recall10: 1,
      mrr10: 1,
      success1: 1,
    });
  });

  it('the one relevant document third is 1/log2(4), 1, 1/3 and no success', () => {
    expect(scoreQuery(['x', 'y', 'a'], judged({ a: 1 }))).toEqual({
      ndcg10: 0.5,
      recall10: 1,
      mrr10: 1 / 3,
      success1: 0,
    });
  });

  it('nothing relevant, nothing returned and nothing judged are 0', () => {
    const none = { ndcg10: 0, recall10: 0, mrr10: 0, success1: 0 };
    expect(scoreQuery(['x', 'y'], judged({ a: 1 }))).toEqual(none);
    expect(scoreQuery([], judged({ a: 1 }))).toEqual(none);
    expect(scoreQuery(['a'], judged({}))).toEqual(none);
    expect(scoreQuery(['a'], judged({ a: 0 }))).toEqual(none);
  });

  it('grades gain in a straight line, not as powers of two', () => {
    // (3/log2(2) + 0 + 1/log2(4)) / (3/log2(2) + 2/log2(3) + 1/log2(4))
    const scores = scoreQuery(['a', 'x', 'c'], judged({ a: 3, b: 2, c: 1 }));
    expect(scores.ndcg10).toBeCloseTo(3.5 / (3 + 2 / Math.log2(3) + 0.5), 12);
    expect(scores.ndcg10).toBeCloseTo(0.735, 4);
    expect([scores.recall10, scores.mrr10]).toEqual([2 / 3, 1]);
  });

  it('what stands eleventh does not count, and more than ten relevant ones still give 1', () => {
    const eleven = Array.from({ length: 11 }, (_, index) => `d${index}`);
    expect(scoreQuery(eleven, judged({ d10: 1 }))).toEqual({
      ndcg10: 0,
      recall10: 0,
      mrr10: 0,
      success1: 0,
    });
    const all = scoreQuery(eleven, judged(Object.fromEntries(eleven.map((id) => [id, 1]))));
    expect(all.ndcg10).toBeCloseTo(1, 12);
    expect(all.recall10).toBeCloseTo(10 / 11, 12);
  });

  it('a document counts where it stands first, and only once', () => {
    expect(scoreQuery(['x', 'x', 'a', 'a'], judged({ a: 1 }))).toEqual(
      scoreQuery(['x', 'a'], judged({ a: 1 })),
    );
  });

  it('a negative grade is not relevant and takes nothing away', () => {
    expect(scoreQuery(['a', 'b'], judged({ a: -1, b: 1 })).ndcg10).toBeCloseTo(1 / Math.log2(3), 12);
  });
});

it('a mean is over all values, and of none it is 0', () => {
  expect(mean([1, 0])).toBe(0.5);
  expect(mean([])).toBe(0);
});
