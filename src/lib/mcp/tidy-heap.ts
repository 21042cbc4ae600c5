import { collectGarbage } from '../memory/collect-garbage.js';

/** An answer leaves a megabyte behind, and V8 would rather let some tens pile up: one collection of some 10 ms for so many calls. */
const CALLS_PER_COLLECTION = 8;

/** Run after each call: a server lives for days, and what its heap has once taken it keeps. */
export function heapTidier(): () => void {
  let calls = 0;
  return () => {
    if (++calls % CALLS_PER_COLLECTION === 0) collectGarbage();
  };
}
