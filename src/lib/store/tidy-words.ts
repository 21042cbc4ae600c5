import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WriterContext } from './writer-context.js';

/**
 * Merges the segments of FTS5 where much has changed since it was last done: a search then reads one page for a word and not
 * one of each segment. In short transactions, so that the log stays short and pages that become free are used again.
 */
export async function tidyWords({ words, write }: WriterContext, signal?: AbortSignal): Promise<void> {
  if (!words.areUntidy) return;
  for (let isFirst = true, isDone = false; !isDone; isFirst = false) {
    isDone = write(() => words.tidyStep(isFirst));
    await nextTurn();
    signal?.throwIfAborted();
  }
}
