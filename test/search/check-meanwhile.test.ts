import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { checkMeanwhile } from '#dist/lib/search/check-meanwhile.js';
import type { StoreReader } from '#dist/lib/store/types.js';

/** A reader with so much left to check. */
function readerWith(bytes: number) {
  const state = { left: bytes, steps: 0 };
  const reader: Pick<StoreReader, 'checkMore'> = {
    checkMore: (step) => {
      state.steps++;
      state.left -= step;
      return state.left > 0;
    },
  };
  return { state, reader: reader as StoreReader };
}

describe('while an embedding is waited for, the index is checked', () => {
  it('until nothing is left', async () => {
    const { state, reader } = readerWith(9 * 1024 * 1024);
    await checkMeanwhile(reader, delay(2_000));
    expect(state.steps).toBe(5);
  });

  it.each([
    ['came', () => delay(20)],
    ['failed', () => delay(20).then(() => Promise.reject(new Error('no embedder')))],
  ])('and no longer, when it %s', async (_, embedding) => {
    const { state, reader } = readerWith(Infinity);
    const waitedFor = embedding();
    await Promise.allSettled([checkMeanwhile(reader, waitedFor), waitedFor]);
    const { steps } = state;
    expect(steps).toBeGreaterThan(0);
    await delay(20);
    expect(state.steps).toBe(steps);
  });

  it('not at all where nothing has to be embedded', async () => {
    const { state, reader } = readerWith(Infinity);
    await checkMeanwhile(reader, Promise.resolve());
    expect(state.steps).toBe(0);
  });
});
