import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { heapTidier } from '#dist/lib/memory/tidy-heap.js';

it('the young generation is collected after each call, all of the heap after some', async () => {
  const kinds: unknown[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) kinds.push((detail as { kind: unknown }).kind);
  });
  observer.observe({ entryTypes: ['gc'] });
  const callEnded = heapTidier();
  for (let call = 0; call < 12; call++) callEnded();
  await delay(50);
  observer.disconnect();
  const count = (kind: number) => kinds.filter((each) => each === kind).length;
  expect(count(constants.NODE_PERFORMANCE_GC_MINOR)).toBeGreaterThanOrEqual(10);
  expect(count(constants.NODE_PERFORMANCE_GC_MAJOR)).toBeGreaterThanOrEqual(1);
});
