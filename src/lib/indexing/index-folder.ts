import { existingFolder, indexFolderOf } from '../config.js';
import { asUserError, EmbedSearchError } from '../errors.js';
import { openLocalStore } from '../store/local-store.js';
import { EmbedderKeeper } from './embedder-keeper.js';
import { IndexRun, type RunSetting } from './index-run.js';
import type { IndexOptions, IndexOutcome } from './types.js';

/**
 * Brings the index of a folder up to date: first all words, then the vectors that are missing. Incremental and
 * resumable: what a run has done stays done, however it ends. A model or embedder that fails leaves the words
 * and the vectors so far, and stands as `error` beside the result; errors of the folder, the lock or the machine
 * are thrown.
 */
export async function indexFolder(options: IndexOptions): Promise<IndexOutcome> {
  const embedders = new EmbedderKeeper(options);
  try {
    return await runIndex(options, { embedders });
  } finally {
    await embedders.close();
  }
}

/** One run of `indexFolder` with an embedder that may outlive it. */
export async function runIndex(options: IndexOptions, setting: RunSetting): Promise<IndexOutcome> {
  try {
    return await indexOnce(options, setting);
  } catch (thrown) {
    const error = asUserError(thrown, `Indexing ${options.root} stopped`);
    // What has met damage in the middle is marked so: opened again, it is made anew from files and vectors.
    const isDamaged = error instanceof EmbedSearchError && error.code === 'INDEX_DAMAGED';
    if (!isDamaged || options.rebuild === true) throw error;
    return indexOnce(options, { ...setting, only: undefined, isChecked: false });
  }
}

async function indexOnce(options: IndexOptions, setting: RunSetting): Promise<IndexOutcome> {
  const root = existingFolder(options.root);
  const indexDir = indexFolderOf(root, options.indexDir);
  const { waitForLock, rebuild = false, signal } = options;
  const store = await openLocalStore(indexDir).openWriter({
    root,
    rebuild,
    isSmall: setting.only !== undefined,
    ...(waitForLock === undefined ? {} : { wait: { ...waitForLock, signal } }),
  });
  const run = new IndexRun(store, { ...options, ...setting, root, indexDir });
  try {
    return await run.run();
  } catch (error) {
    const userError = asUserError(error, `Indexing ${root} stopped`);
    run.note(options.signal?.aborted ? 'interrupted' : 'failed', userError);
    throw userError;
  } finally {
    await store.close();
  }
}
