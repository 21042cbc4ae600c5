import { collectGarbage } from './collect-garbage.js';

/** An answer leaves a megabyte behind, and V8 would rather let some tens pile up: one collection of some 10 ms for so many calls. */
const CALLS_PER_COLLECTION = 6;

/** Where much lives, as with thousands of calls that wait, a collection takes longer: then they are this many times its length apart. */
const TIMES_APART = 10;

/** Run after each call, or question of many: what a heap has once taken it keeps, and a server lives for days. */
export function heapTidier(): () => void {
  let calls = 0;
  let earliest = 0;
  return () => {
    const started = performance.now();
    if (++calls < CALLS_PER_COLLECTION || started < earliest) return;
    collectGarbage();
    calls = 0;
    const ended = performance.now();
    earliest = ended + TIMES_APART * (ended - started);
  };
}
