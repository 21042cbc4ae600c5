import { existingFolder, indexFolderOf } from '../config.js';
import { EmbedSearchError } from '../errors.js';
import { networkFileSystem } from '../store/network-file-system.js';
import { openLocalStore } from '../store/local-store.js';
import { ChangeLog, type Changes } from './change-log.js';
import { collectGarbage } from '../memory/collect-garbage.js';
import { differsFromIndex } from './differs-from-index.js';
import { EmbedderKeeper } from './embedder-keeper.js';
import { FolderWatch, type WatchKind, watchKindOf } from './folder-watch.js';
import { runIndex } from './index-folder.js';
import type { IndexOptions, IndexOutcome } from './types.js';
import { walkSettings } from './walk-settings.js';
import { WatchSchedule } from './watch-schedule.js';

export interface WatchOptions extends Omit<IndexOptions, 'waitForLock'> {
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** With each run that changed the index, the first one (which always takes place) included. */
  readonly onRun?: ((outcome: IndexOutcome) => void) | undefined;
  readonly onNotice?: ((notice: WatchNotice) => void) | undefined;
  /** How often all files are compared beside; default: 15 minutes, and 30 s where the system does not report changes. */
  readonly compareEverySeconds?: number | undefined;
  /** Default: what the system does best. */
  readonly kind?: WatchKind | undefined;
}

/** What its user should know beside the runs. */
export type WatchNotice =
  /** After the first run: from now on changes are seen. */
  | { readonly kind: 'watching'; readonly root: string }
  /** The system does not report all changes, so all files are compared every so often. */
  | { readonly kind: 'comparing'; readonly reason: string; readonly everySeconds: number }
  /** Another writer holds the index. */
  | { readonly kind: 'waiting'; readonly holder: string }
  /** A run failed for a reason that may pass; the files are looked at again after that time. */
  | { readonly kind: 'trouble'; readonly error: EmbedSearchError; readonly againInSeconds: number };

/** Milliseconds. */
const TRY_AGAIN_AFTER = 10_000;

/** Errors of the machine, and of an index that somebody deleted: they may pass. */
const MAY_PASS = new Set<string>(['NO_SPACE', 'NO_PERMISSION', 'MACHINE', 'INDEX_MISSING']);

/**
 * Keeps the index of a folder fresh until the signal aborts: one run of `indexFolder` at the start, then one for each
 * burst of changes, which looks at the changed paths alone. The index is locked only during a run, and where another
 * writer is at work it is waited for. Rejects with the signal's reason, or with what ends a run and does not pass.
 */
export async function watchFolder(options: WatchOptions): Promise<never> {
  const watching = new Watching(options);
  try {
    return await watching.run();
  } catch (error) {
    options.signal.throwIfAborted();
    throw error;
  } finally {
    await watching.close();
  }
}

const EVERYTHING: Changes = { all: true };

class Watching {
  readonly #options: WatchOptions;
  readonly #root: string;
  readonly #indexDir: string;
  readonly #embedders: EmbedderKeeper;
  readonly #log: ChangeLog;
  readonly #schedule: WatchSchedule;
  readonly #watch: FolderWatch;
  #isFirst = true;
  /** The last run left something to do. */
  #isUnfinished = false;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#root = existingFolder(options.root);
    this.#indexDir = indexFolderOf(this.#root, options.indexDir);
    this.#embedders = new EmbedderKeeper(options);
    this.#log = new ChangeLog(() => this.#schedule.wake());
    this.#watch = new FolderWatch({
      root: this.#root,
      kind: options.kind ?? watchKindOf(process.platform),
      log: this.#log,
      indexDir: this.#indexDir,
      onExhausted: (error) => this.#poll(exhaustion(error)),
    });
    const { signal, compareEverySeconds } = options;
    this.#schedule = new WatchSchedule({ log: this.#log, signal, compareEverySeconds });
  }

  async run(): Promise<never> {
    await this.#update(EVERYTHING);
    this.#isFirst = false;
    this.#options.onNotice?.({ kind: 'watching', root: this.#root });
    const network = networkFileSystem(this.#root);
    if (network !== null) this.#poll(`${network.name} does not report what other machines change`);
    for (;;) {
      await this.#schedule.change();
      const taken = this.#log.take();
      const changes = this.#isThere() ? taken : EVERYTHING;
      try {
        const news = await this.#news(changes);
        if (news !== null) await this.#update(news);
      } catch (error) {
        await this.#pause(changes, error);
      }
      // A closed database is let go of with its statements.
      collectGarbage();
    }
  }

  /** An index that somebody deleted is made anew, of all files. */
  #isThere(): boolean {
    return openLocalStore(this.#indexDir).exists();
  }

  async close(): Promise<void> {
    this.#schedule.close();
    this.#watch.close();
    await this.#embedders.close();
  }

  async #update(changes: Changes): Promise<void> {
    const { onNotice, onRun, rebuild } = this.#options;
    this.#watch.beginWalk();
    const outcome = await runIndex(
      {
        ...this.#options,
        rebuild: this.#isFirst && rebuild === true,
        waitForLock: { milliseconds: Infinity, onHeld: (holder) => onNotice?.({ kind: 'waiting', holder }) },
      },
      {
        embedders: this.#embedders,
        isChecked: !this.#isFirst,
        onFolder: this.#watch.onFolder,
        onLeftOut: this.#watch.onLeftOut,
        ...(changes.all ? {} : { only: changes.paths }),
      },
    );
    this.#watch.endWalk(changes);
    if (changes.all) this.#schedule.allCompared();
    // What the embedder cannot take, it mostly cannot take the next time either.
    this.#isUnfinished = outcome.error !== null && outcome.error.code !== 'DONE_IN_PART';
    if (this.#isFirst || this.#isUnfinished || hasChanged(outcome)) onRun?.(outcome);
  }

  /** An index that is damaged is made anew by a run, of all files. */
  async #news(changes: Changes): Promise<Changes | null> {
    try {
      return (await this.#isNews(changes)) ? changes : null;
    } catch (error) {
      if (error instanceof EmbedSearchError && error.code === 'INDEX_DAMAGED') return EVERYTHING;
      throw error;
    }
  }

  async #isNews(changes: Changes): Promise<boolean> {
    if (!this.#isThere()) return true;
    const started = performance.now();
    this.#watch.beginWalk();
    const walk = {
      ...walkSettings(this.#options),
      root: this.#root,
      neverEnter: [this.#indexDir],
      onFolder: this.#watch.onFolder,
      ...(changes.all ? {} : { only: changes.paths }),
    };
    const { signal } = this.#options;
    const { onLeftOut } = this.#watch;
    if (await differsFromIndex(this.#indexDir, { walk, signal, onLeftOut })) return true;
    this.#watch.endWalk(changes);
    if (changes.all) this.#schedule.allCompared(performance.now() - started);
    return changes.all && this.#isUnfinished;
  }

  #poll(reason: string): void {
    this.#schedule.poll();
    const everySeconds = Math.round(this.#schedule.compareEvery / 1_000);
    this.#options.onNotice?.({ kind: 'comparing', reason, everySeconds });
    this.#schedule.wake();
  }

  async #pause(changes: Changes, error: unknown): Promise<void> {
    const { signal, onNotice } = this.#options;
    signal.throwIfAborted();
    if (!(error instanceof EmbedSearchError) || !MAY_PASS.has(error.code)) throw error;
    onNotice?.({ kind: 'trouble', error, againInSeconds: TRY_AGAIN_AFTER / 1_000 });
    await this.#schedule.pause(TRY_AGAIN_AFTER);
    this.#log.putBack(changes);
  }
}

/** A file that was written again with the same text changes nothing but its time. */
function hasChanged({ result: { files, chunks } }: IndexOutcome): boolean {
  return files.indexed + files.removed + chunks.embedded > 0;
}

function exhaustion({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOSPC') return 'the system has no more file watches to give (fs.inotify.max_user_watches)';
  if (code === 'EMFILE') return 'too many programs watch files (fs.inotify.max_user_instances)';
  return `files here cannot be watched (${message})`;
}
