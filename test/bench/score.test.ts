import { describe, expect, it } from 'vitest';
import { fileName } from '../../bench/retrieval/beir.js';
import { meanScores, scoreQuery } from '../../bench/retrieval/score.js';

const judged = (grades: Record<string, number>) => new Map(Object.entries(grades));

describe('scores of one query, worked by hand', () => {
  it('the one relevant document first is 1 in all three', () => {
    expect(scoreQuery(['a', 'b'], judged({ a: 1 }))).toEqual({ ndcg: 1, recall: 1, mrr: 1 });
  });

  it('the one relevant document third is 1/log2(4), 1 and 1/3', () => {
    expect(scoreQuery(['x', 'y', 'a'], judged({ a: 1 }))).toEqual({ ndcg: 0.5, recall: 1, mrr: 1 / 3 });
  });

  it('nothing relevant, nothing returned and nothing judged are 0', () => {
    const none = { ndcg: 0, recall: 0, mrr: 0 };
    expect(scoreQuery(['x', 'y'], judged({ a: 1 }))).toEqual(none);
    expect(scoreQuery([], judged({ a: 1 }))).toEqual(none);
    expect(scoreQuery(['a'], judged({}))).toEqual(none);
    expect(scoreQuery(['a'], judged({ a: 0 }))).toEqual(none);
  });

  it('grades gain in a straight line, not as powers of two', () => {
    // (3/log2(2) + 0 + 1/log2(4)) / (3/log2(2) + 2/log2(3) + 1/log2(4))
    const { ndcg, recall, mrr } = scoreQuery(['a', 'x', 'c'], judged({ a: 3, b: 2, c: 1 }));
    expect(ndcg).toBeCloseTo(3.5 / (3 + 2 / Math.log2(3) + 0.5), 12);
    expect(ndcg).toBeCloseTo(0.735, 4);
    expect([recall, mrr]).toEqual([2 / 3, 1]);
  });

  it('what stands eleventh does not count, and more than ten relevant ones still give 1', () => {
    const eleven = Array.from({ length: 11 }, (_, index) => `d${index}`);
    expect(scoreQuery(eleven, judged({ d10: 1 }))).toEqual({ ndcg: 0, recall: 0, mrr: 0 });
    const all = scoreQuery(eleven, judged(Object.fromEntries(eleven.map((id) => [id, 1]))));
    expect(all.ndcg).toBeCloseTo(1, 12);
    expect(all.recall).toBeCloseTo(10 / 11, 12);
  });

  it('a document counts where it stands first, and only once', () => {
    expect(scoreQuery(['x', 'x', 'a', 'a'], judged({ a: 1 }))).toEqual(
      scoreQuery(['x', 'a'], judged({ a: 1 })),
    );
  });

  it('a negative grade is not relevant and takes nothing away', () => {
    expect(scoreQuery(['a', 'b'], judged({ a: -1, b: 1 })).ndcg).toBeCloseTo(1 / Math.log2(3), 12);
  });
});

it('means are over all queries, those that failed too', () => {
  expect(meanScores([scoreQuery(['a'], judged({ a: 1 })), scoreQuery([], judged({ a: 1 }))])).toEqual({
    ndcg: 0.5,
    recall: 0.5,
    mrr: 0.5,
  });
  expect(meanScores([])).toEqual({ ndcg: 0, recall: 0, mrr: 0 });
});

it.each([
  ['4983', '4983.md'],
  ['common/tar.md', 'common/tar.md'],
  ['common/[[.md', 'common/[[.md'],
  ['common/..md', 'common/%2e.md'],
  ['../../etc/passwd', '%2e./%2e./etc/passwd.md'],
  ['/absolute', '%00/absolute.md'],
  ['a\nb:c', 'a%0ab%3ac.md'],
])('the document %j becomes the file %j', (id, file) => {
  expect(fileName(id)).toBe(file);
});
