import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbedSearchError } from '../errors.js';
import type { FoundIndex } from '../search/find-index.js';
import type { Searcher } from '../search/searcher.js';
import type { SharedEmbedders } from '../search/shared-embedders.js';
import { memoryReport } from '../memory.js';
import { PATIENCE } from './limits.js';
import type { WorkspaceOptions } from './types.js';
import { UpdateRun } from './update-run.js';

interface Opened {
  readonly searcher: Searcher;
  readonly indexDir: string;
  /** Shows this server to `doctor --watch`. */
  readonly session: { close(): void };
  users: number;
  retired: boolean;
}

/** Files that are not as the index has them. */
export interface Stale {
  readonly files: number;
  /** Relative to the folder that was indexed; the first of them. */
  readonly paths: readonly string[];
  /** Was every file looked at? */
  readonly isWhole: boolean;
}

/** What is known of changed files. */
interface News {
  until: number;
  stale: Promise<Stale | undefined>;
}

/** So many stale files are named. */
const PATHS_NAMED = 20;

/** How long an update waits for another writer, milliseconds: our own refresh of words is one, for less than this. */
const LOCK_MILLISECONDS = 5_000;

/** One folder that may be searched, and the index that it is searched by: its own, or that of a folder above it. */
export class IndexedRoot {
  /** Real path. */
  readonly folder: string;
  readonly #options: WorkspaceOptions;
  readonly #embedders: SharedEmbedders;
  #opened: Opened | undefined;
  #opening: Promise<Opened> | undefined;
  #news: News | undefined;
  #update: UpdateRun | undefined;
  #starting: Promise<UpdateRun> | undefined;

  constructor(folder: string, options: WorkspaceOptions, embedders: SharedEmbedders) {
    this.folder = folder;
    this.#options = options;
    this.#embedders = embedders;
  }

  get update(): UpdateRun | undefined {
    return this.#update;
  }

  /** Where the index is now, or undefined while there is none. */
  async find(): Promise<(FoundIndex & { readonly root: string }) | undefined> {
    const { findIndex } = await import('../search/find-index.js');
    try {
      const found = findIndex(this.folder, this.#options.indexDir);
      return { ...found, root: found.root ?? this.folder };
    } catch (error) {
      if (error instanceof EmbedSearchError && error.code === 'INDEX_MISSING') return undefined;
      throw error;
    }
  }

  /** Where a file or folder of ours lies in the folder that was indexed: '' or a path with `/`. */
  pathIn(indexRoot: string, file: string): string {
    return path.relative(indexRoot, file).split(path.sep).join('/');
  }

  /**
   * Gives the index, open, to `work`; one that has come to another place is opened there. Undefined while there is
   * none. Errors: INDEX_* and those of the machine.
   */
  async use<T>(work: (searcher: Searcher) => Promise<T>): Promise<T | undefined> {
    const found = await this.find();
    if (found === undefined) {
      await this.#retire();
      return undefined;
    }
    const opened = await this.#open(found);
    if (opened.retired) return this.use(work);
    opened.users++;
    try {
      return await work(opened.searcher);
    } finally {
      opened.users--;
      if (opened.users === 0 && opened.retired) await closeOpened(opened);
    }
  }

  /**
   * Takes the words of changed files in, where that fits a small budget, and says what is stale after that. Undefined
   * where nothing is, or where it could not be found out: a search answers all the same.
   */
  async freshen(searcher: Searcher): Promise<Stale | undefined> {
    if (this.#update !== undefined) return undefined; // it is being done
    if (this.#news === undefined || performance.now() > this.#news.until) {
      const news = { until: Infinity, stale: Promise.resolve<Stale | undefined>(undefined) };
      news.stale = this.#refresh(searcher, news).catch(() => undefined);
      this.#news = news;
    }
    return Promise.race([this.#news.stale, delay(PATIENCE.freshnessAtMost, undefined, { ref: false })]);
  }

  /** The run that is on, or a new one; one that was stopped is waited for first. Errors: CONFIG_INVALID, those of `find`. */
  async startUpdate(wanted: boolean): Promise<UpdateRun> {
    while (this.#update?.isStopped === true) await this.#update.outcome.catch(() => {});
    const run = this.#update ?? (await this.#started(wanted));
    if (wanted) run.keep();
    return run;
  }

  /** Also for calls at the same time one run is begun. */
  #started(wanted: boolean): Promise<UpdateRun> {
    this.#starting ??= this.#beginUpdate(wanted).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Updates the index that is searched as it was made: another beside it would hide it. */
  async #beginUpdate(wanted: boolean): Promise<UpdateRun> {
    const found = await this.find();
    const root = found?.root ?? this.folder;
    const { indexDir = found?.indexDir, model, runtime, device, lanes, memory } = this.#options;
    const { configuredIndexing } = await import('./configured-indexing.js');
    const { defaultModel, walk } = configuredIndexing(root);
    // An index that cannot be opened is made anew by the run.
    const lastWalk = await this.use((searcher) => searcher.use(({ lastRun }) => lastRun?.walk)).catch(
      () => {},
    );
    const run = new UpdateRun(
      {
        root,
        indexDir,
        model,
        defaultModel,
        runtime,
        device,
        lanes,
        memory,
        maxEmbedderMemory: this.#options.maxEmbedderMemory,
        ...(lastWalk ?? walk),
        waitForLock: { milliseconds: LOCK_MILLISECONDS },
      },
      wanted,
    );
    this.#update = run;
    const over = () => {
      this.#update = undefined;
      this.#news = undefined;
    };
    run.outcome.then(over, over);
    return run;
  }

  async close(): Promise<void> {
    await this.#starting?.catch(() => {});
    this.#update?.stop();
    await this.#update?.outcome.catch(() => {});
    await this.#opening?.catch(() => {});
    await this.#retire();
  }

  /** Looks through the reader that is open: one that is opened for each look would cost memory each time. */
  async #refresh(searcher: Searcher, news: { until: number }): Promise<Stale | undefined> {
    let again: number = PATIENCE.notFreshFor;
    try {
      const { root, indexDir } = searcher;
      const { measureStaleness } = await import('../diagnostics/staleness.js');
      const signal = AbortSignal.timeout(PATIENCE.freshness);
      const look = await searcher.use((reader) => measureStaleness(reader, root, indexDir, signal));
      if (look.changed + look.added + look.removed === 0) {
        again = PATIENCE.freshFor;
        return undefined;
      }
      const { refreshWords } = await import('../indexing/refresh-words.js');
      const { state, stale, isWhole } = await refreshWords({ root, indexDir, budgetMs: PATIENCE.freshness });
      if (state === 'fresh' || state === 'refreshed') again = PATIENCE.freshFor;
      if (state !== 'fresh' && state !== 'locked' && this.#options.autoIndex) {
        void this.startUpdate(true).catch(() => {}); // update_index says why it cannot begin
      }
      return stale.length === 0
        ? undefined
        : { files: stale.length, paths: stale.slice(0, PATHS_NAMED), isWhole };
    } finally {
      news.until = performance.now() + again;
    }
  }

  async #open(found: FoundIndex): Promise<Opened> {
    if (this.#opened?.indexDir === found.indexDir) return this.#opened;
    this.#opening ??= this.#reopen(found).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #reopen(found: FoundIndex): Promise<Opened> {
    await this.#retire();
    const { Searcher } = await import('../search/searcher.js');
    const { model } = this.#options;
    const searcher = await Searcher.open({ ...found, model, embedders: this.#embedders });
    const { publishSession } = await import('../diagnostics/sessions.js');
    const report = async () => memoryReport(await this.#embedders.stats());
    const session = publishSession(found.indexDir, 'serve-mcp', report);
    this.#opened = { searcher, indexDir: found.indexDir, session, users: 0, retired: false };
    return this.#opened;
  }

  /** The open index goes when its last user has gone. */
  async #retire(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened === undefined) return;
    opened.retired = true;
    if (opened.users === 0) await closeOpened(opened);
  }
}

async function closeOpened({ searcher, session }: Opened): Promise<void> {
  session.close();
  await searcher.close();
}
