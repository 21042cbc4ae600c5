import { expect, it } from 'vitest';
import { RecentlyUsed } from '#dist/lib/memory/recently-used.js';

it('keeps what is used, however much comes in between, and never more than it may', () => {
  const known = new RecentlyUsed<number, string>(100);
  known.set(-1, 'used');
  for (let key = 0; key < 1_000; key++) {
    known.set(key, `${key}`);
    if (key % 20 === 0) expect(known.get(-1)).toBe('used');
  }
  const kept = Array.from({ length: 1_000 }, (_, key) => known.get(key)).filter(
    (value) => value !== undefined,
  );
  expect(kept.length).toBeLessThanOrEqual(100);
  expect(known.get(999)).toBe('999');
  expect(known.get(0)).toBeUndefined();
});
