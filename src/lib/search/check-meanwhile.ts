import { setImmediate } from 'node:timers/promises';
import type { StoreReader } from '../store/types.js';

/** A millisecond's work: what is waited for comes no later than that. */
const BYTES_A_TURN = 2 * 1024 * 1024;

/** Holds the index against its checksums for as long as something else is waited for, which the caller does. */
export async function checkMeanwhile(reader: StoreReader, waitedFor: Promise<unknown>): Promise<void> {
  const end = waitedFor.then(
    () => true,
    () => true,
  );
  for (;;) {
    const isOver = await Promise.race([end, setImmediate(false)]);
    if (isOver || !reader.checkMore(BYTES_A_TURN)) return;
  }
}
