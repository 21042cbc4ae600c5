import type { SkippedEntry, WalkOptions } from '../corpus/types.js';
import { openLocalStore } from '../store/local-store.js';
import { compareFiles, isAsKnown } from './compare-files.js';

export interface DiffersOptions {
  readonly walk: WalkOptions;
  readonly signal: AbortSignal;
  readonly onLeftOut: (entry: SkippedEntry) => void;
}

/**
 * Whether a run would find anything to do, as far as the first thing found. Asked without the lock, and without the
 * embedder: most of what happens below a folder changes nothing in its index.
 */
export async function differsFromIndex(
  indexDir: string,
  { walk, signal, onLeftOut }: DiffersOptions,
): Promise<boolean> {
  const reader = await openLocalStore(indexDir).openReader();
  try {
    for await (const difference of compareFiles(reader, walk)) {
      signal.throwIfAborted();
      if (difference.kind === 'left-out') onLeftOut(difference.entry);
      if (difference.kind === 'same' || (difference.kind === 'left-out' && !difference.isNews)) continue;
      if (difference.kind !== 'look' || !(await isAsKnown(reader, difference))) return true;
    }
    return false;
  } catch (error) {
    signal.throwIfAborted();
    throw reader.explain(error);
  } finally {
    reader.close();
  }
}
