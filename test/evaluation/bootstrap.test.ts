import { expect, it } from 'vitest';
import { bootstrap } from '#dist/lib/evaluation/bootstrap.js';

const alternating = (count: number) => Array.from({ length: count }, (_, position) => position % 2);

it('the interval holds the mean and is about as wide as the normal one', () => {
  const { mean, low, high } = bootstrap(alternating(400));
  // 1.96 * sqrt(.25 / 400) on either side
  expect(mean).toBe(0.5);
  expect(mean - low).toBeGreaterThan(0.03);
  expect(mean - low).toBeLessThan(0.07);
  expect(high - mean).toBeGreaterThan(0.03);
  expect(high - mean).toBeLessThan(0.07);
});

it('more values make it narrower, equal ones leave no width, and the same values give the same interval', () => {
  const width = (values: readonly number[]) => bootstrap(values).high - bootstrap(values).low;
  expect(width(alternating(1600))).toBeLessThan(width(alternating(100)) / 2);
  expect(bootstrap([0.25, 0.25, 0.25])).toEqual({ mean: 0.25, low: 0.25, high: 0.25 });
  expect(bootstrap(alternating(50))).toEqual(bootstrap(alternating(50)));
  expect(bootstrap([])).toEqual({ mean: 0, low: 0, high: 0 });
});

it('a difference in every pair is seen where the spread between queries would hide it', () => {
  const better = Array.from({ length: 60 }, (_, position) => (position % 10) / 10 + 0.02);
  const worse = better.map((score, position) => score - (position % 3 === 0 ? 0 : 0.02));
  const gain = bootstrap(better.map((score, position) => score - worse[position]!));
  expect(gain.low).toBeGreaterThan(0);
  expect(bootstrap(worse).high).toBeGreaterThan(bootstrap(better).low);
});
