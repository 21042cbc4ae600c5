import { expect, it } from 'vitest';
import { RowScores } from '#dist/lib/store/row-scores.js';
import { randomNumbers, rowsOf } from './fixtures.js';

it('is the sum of what each list gives, the best first, equal ones by id, whatever the limit', () => {
  const random = randomNumbers(7);
  const scores = new RowScores();
  for (let round = 0; round < 200; round++) {
    const lists = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
      const ids = Array.from({ length: Math.floor(random() * 40) }, () => 1 + Math.floor(random() * 60));
      return Float64Array.from(new Set(ids)).sort();
    });
    scores.start(lists);
    const expected = new Map<number, number>();
    for (const [index, ids] of lists.entries()) {
      // Few different gains: many rows score the same.
      const gains = Array.from(ids, (id) => 1 + ((id + index) % 3));
      scores.add({ ids, gains }, 0);
      for (const [place, id] of ids.entries()) expected.set(id, (expected.get(id) ?? 0) + gains[place]!);
    }
    const sorted = [...expected]
      .map(([id, score]) => ({ id, score }))
      .sort((one, other) => other.score - one.score || one.id - other.id);
    for (const limit of [0, 1, 7, 100]) expect(rowsOf(scores.best(limit))).toEqual(sorted.slice(0, limit));
  }
});

it('keeps scores as they were, down to the last bit', () => {
  const ids = Float64Array.from({ length: 1_000 }, (_, index) => index + 1);
  const gains = ids.map((id) => 1 / id);
  const scores = new RowScores();
  scores.start([ids]);
  scores.add({ ids, gains }, 0);
  expect(rowsOf(scores.best(1_000))).toEqual(Array.from(ids, (id) => ({ id, score: 1 / id })));
});

it('takes scores for equal that differ in their last bit, and none at all for nothing', () => {
  const ids = Float64Array.of(3, 5, 9);
  const scores = new RowScores();
  scores.start([ids]);
  scores.add({ ids, gains: [2, 1, 1 + Number.EPSILON] }, 0);
  expect([...scores.best(3).ids]).toEqual([3, 5, 9]);
  for (const lists of [[], [new Float64Array(0), new Float64Array(0)]]) {
    scores.start(lists);
    expect(rowsOf(scores.best(3))).toEqual([]);
  }
});

it('keeps the rows that it is told to keep, with their scores and norms', () => {
  const scores = new RowScores();
  scores.start([Float64Array.of(2, 4, 6), Float64Array.of(4, 8)]);
  scores.norms.set([1, 2, 3, 4]);
  scores.add({ ids: Float64Array.of(2, 4, 6, 8), gains: [10, 20, 30, 40] }, 0);
  scores.keepOnly(Float64Array.of(1, 4, 5, 8, 9));
  expect([...scores.norms]).toEqual([2, 4]);
  scores.add({ ids: Float64Array.of(4, 6, 8), counts: [2, 9, 4] }, 2); // 2 x 2 / (2 + 2) and 2 x 4 / (4 + 4)
  expect(rowsOf(scores.best(9))).toEqual([
    { id: 8, score: 41 },
    { id: 4, score: 21 },
  ]);
  scores.keepOnly(new Float64Array(0));
  expect(rowsOf(scores.best(9))).toEqual([]);
});

it('serves long lists after short ones, and short ones again', () => {
  const scores = new RowScores();
  for (const count of [10, 5_000, 60_000, 3]) {
    const ids = Float64Array.from({ length: count }, (_, index) => 2 * index);
    scores.start([ids, Float64Array.of(1)]);
    scores.add({ ids, gains: ids }, 0);
    scores.add({ ids: Float64Array.of(1), gains: [0.5] }, 0);
    expect(scores.ids.length).toBe(count + 1);
    expect(rowsOf(scores.best(2))).toEqual([
      { id: 2 * count - 2, score: 2 * count - 2 },
      { id: 2 * count - 4, score: 2 * count - 4 },
    ]);
  }
});

it.each([1, 3, 50, 499])(
  'finds the best %i of many as a sort of all does, however they are spread',
  (limit) => {
    const random = randomNumbers(limit);
    const scores = new RowScores();
    const spreads: (() => number)[] = [
      () => random() * 20,
      () => random() ** 8 * 1e-9,
      () => Math.floor(random() * 4),
      () => (random() < 0.9 ? 0 : 7),
      () => 0,
    ];
    for (const spread of spreads) {
      const ids = Float64Array.from({ length: 1_000 }, (_, index) => index);
      const gains = Array.from(ids, spread);
      scores.start([ids]);
      scores.add({ ids, gains }, 0);
      const sorted = [...ids].sort((one, other) => gains[other]! - gains[one]! || one - other);
      expect([...scores.best(limit).ids]).toEqual(sorted.slice(0, limit));
    }
  },
);
