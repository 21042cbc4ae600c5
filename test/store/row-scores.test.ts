import { expect, it } from 'vitest';
import { RowScores } from '#dist/lib/store/row-scores.js';
import { randomNumbers, rowsOf } from './fixtures.js';

it('is the sum of what each list gives, the best first, equal ones by id, whatever the limit', () => {
  const random = randomNumbers(7);
  for (let round = 0; round < 200; round++) {
    const lists = Array.from({ length: 1 + Math.floor(random() * 5) }, () => {
      const ids = Array.from({ length: Math.floor(random() * 40) }, () => 1 + Math.floor(random() * 60));
      return [...new Set(ids)].sort((one, other) => one - other);
    });
    const scores = new RowScores(lists);
    const expected = new Map<number, number>();
    for (const [index, ids] of lists.entries()) {
      // Few different gains: many rows score the same.
      const gains = ids.map((id) => 1 + ((id + index) % 3));
      scores.add({ ids, gains }, 0, new Float64Array(scores.ids.length));
      for (const [place, id] of ids.entries()) expected.set(id, (expected.get(id) ?? 0) + gains[place]!);
    }
    const sorted = [...expected]
      .map(([id, score]) => ({ id, score }))
      .sort((one, other) => other.score - one.score || one.id - other.id);
    for (const limit of [0, 1, 7, 100]) expect(rowsOf(scores.best(limit))).toEqual(sorted.slice(0, limit));
  }
});

it('keeps scores as they were, down to the last bit', () => {
  const ids = Array.from({ length: 1_000 }, (_, index) => index + 1);
  const gains = ids.map((id) => 1 / id);
  const scores = new RowScores([ids]);
  scores.add({ ids, gains }, 0, new Float64Array(ids.length));
  expect(rowsOf(scores.best(1_000))).toEqual(ids.map((id) => ({ id, score: 1 / id })));
});

it('takes scores for equal that differ in their last bit, and none at all for nothing', () => {
  const ids = [3, 5, 9];
  const scores = new RowScores([ids]);
  scores.add({ ids, gains: [2, 1, 1 + Number.EPSILON] }, 0, new Float64Array(ids.length));
  expect([...scores.best(3).ids]).toEqual([3, 5, 9]);
  expect(rowsOf(new RowScores([]).best(3))).toEqual([]);
  expect(rowsOf(new RowScores([[], []]).best(3))).toEqual([]);
});
