import { EmbedSearchError } from '../errors.js';
import { openLocalStore } from '../store/local-store.js';
import type { WalkSettings } from '../store/types.js';

/**
 * What the last run was told of the files to take, and a run with `now` is not: it takes in or out what nobody may expect.
 * Empty without an index, and for one that cannot be read, of which the run itself tells.
 */
export async function rulesNotKept(indexDir: string, now: WalkSettings): Promise<WalkSettings> {
  const last = await lastRules(indexDir);
  const include = missing(last.include, now.include);
  const exclude = missing(last.exclude, now.exclude);
  return {
    ...(include.length > 0 ? { include } : {}),
    ...(exclude.length > 0 ? { exclude } : {}),
    ...(last.maxFileSize !== undefined && now.maxFileSize === undefined
      ? { maxFileSize: last.maxFileSize }
      : {}),
  };
}

async function lastRules(indexDir: string): Promise<WalkSettings> {
  const store = openLocalStore(indexDir);
  try {
    if (!store.exists()) return {};
    const reader = await store.openReader();
    try {
      return reader.lastRun?.walk ?? {};
    } finally {
      reader.close();
    }
  } catch (error) {
    if (error instanceof EmbedSearchError || (error as NodeJS.ErrnoException).code !== undefined) return {};
    throw error;
  }
}

function missing(last: readonly string[] = [], now: readonly string[] = []): readonly string[] {
  return last.filter((glob) => !now.includes(glob));
}
