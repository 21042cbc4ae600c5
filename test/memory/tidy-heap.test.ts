import { constants, PerformanceObserver } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { heapTidier } from '#dist/lib/memory/tidy-heap.js';

interface GcEntry {
  readonly detail: { readonly kind: number };
}

it('the young generation is collected after each call, all of the heap after some', async () => {
  const kinds: number[] = [];
  const observer = new PerformanceObserver((list) => {
    // Node's types have no detail for an entry of this kind.
    for (const entry of list.getEntries()) kinds.push((entry as unknown as GcEntry).detail.kind);
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
