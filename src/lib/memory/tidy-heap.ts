import { collectGarbage, collectYoungGarbage } from './collect-garbage.js';

/** What grows old is collected, for some 10 ms, once for so many calls: V8 would rather let some tens of megabytes pile up. */
const CALLS_PER_COLLECTION = 6;

/** Where much lives, as with thousands of calls that wait, a collection takes longer: then they are this many times its length apart. */
const TIMES_APART = 10;

/**
 * Run after each call, or question of many: what a heap has once taken it keeps, and a server lives for days. The young
 * generation each time: a question leaves about the megabyte that it has, and where it begins with all of that free it mostly
 * ends before V8 has to collect in the middle of it, where more is still in use.
 */
export function heapTidier(): () => void {
  let calls = 0;
  let earliest = 0;
  return () => {
    const started = performance.now();
    if (++calls < CALLS_PER_COLLECTION || started < earliest) return collectYoungGarbage();
    collectGarbage();
    calls = 0;
    const ended = performance.now();
    earliest = ended + TIMES_APART * (ended - started);
  };
}
