import { existingFolder, indexFolderOf } from '../config.js';
import type { SkippedEntry, WalkOptions } from '../corpus/types.js';
import { runtimeIdentity } from '../embedder/locate-runtime.js';
import type { EmbeddingProvider, RuntimeChoice } from '../embedder/types.js';
import { asUserError, EmbedSearchError } from '../errors.js';
import { memoryReport } from '../memory.js';
import type { ModelSpec } from '../models/types.js';
import { openLocalStore } from '../store/local-store.js';
import { networkWarning } from '../store/network-file-system.js';
import type { RunNote, StoreWriter } from '../store/types.js';
import { tokenCounter } from './count-tokens.js';
import { EmbedderKeeper } from './embedder-keeper.js';
import { embedPending } from './embed-pending.js';
import { identityOf, modelFileNote, modelForIndex } from './model-of-index.js';
import { SkipList } from './skip-list.js';
import type { IndexOptions, IndexOutcome, IndexProgress, QuarantinedChunk } from './types.js';
import { walkSettings } from './walk-settings.js';
import { type WordsOutcome, writeWords } from './write-words.js';

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

/** What a watcher says of a run, beside what its user says of all of them. */
export interface RunSetting {
  readonly embedders: EmbedderKeeper;
  /** See WalkOptions. */
  readonly only?: readonly string[] | undefined;
  readonly onFolder?: WalkOptions['onFolder'];
  readonly onLeftOut?: ((entry: SkippedEntry) => void) | undefined;
  /** Shards that were checked a moment ago are not read again, unless the index was made anew meanwhile. */
  readonly isChecked?: boolean;
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

type Settled = IndexOptions & RunSetting & { readonly root: string; readonly indexDir: string };

class IndexRun {
  readonly #store: StoreWriter;
  readonly #options: Settled;
  readonly #started = performance.now();
  readonly #startedAt = new Date().toISOString();
  readonly #skipped = new SkipList();
  readonly #warnings: string[] = [];
  #embedder: EmbeddingProvider | undefined;
  /** Those of an embedder that served other runs before. */
  #restartsBefore = 0;
  #embeddingMilliseconds = 0;

  constructor(store: StoreWriter, options: Settled) {
    this.#store = store;
    this.#options = options;
  }

  async run(): Promise<IndexOutcome> {
    const isFirst = this.#store.identity === null;
    const { model: asked, defaultModel: fallback, choices = {}, root, indexDir } = this.#options;
    const { identity, modelFile } = this.#store;
    const memory = { identity, modelFile, folders: [root, indexDir] };
    const model = await modelForIndex({ model: asked, fallback, choices }, memory);
    // Later runs do as the first one did.
    if (model.ok && isFirst) this.#warnings.push(...model.spec.notes);
    // Words alone are better than nothing, but no reason to give up vectors that are there.
    if (!model.ok && this.#options.rebuild) throw model.error;
    this.#warnings.push(...this.#store.warnings);
    this.note('running');
    if (model.ok) this.#setModel(model.spec);

    // One that was made anew has taken in shards as they are.
    const isChecked = this.#options.isChecked === true && this.#store.lastLook !== null;
    const isSound = this.#options.rebuild === true || isChecked;
    const damaged = isSound ? 0 : await this.#store.heal();
    this.#debug(`checked the shards: ${damaged} vectors damaged`);
    if (damaged > 0) {
      this.#warnings.push(`${damaged} vectors were damaged on the disk; their texts are embedded again.`);
    }
    const onNetwork = networkWarning(this.#options.indexDir);
    if (onNetwork !== undefined) this.#warnings.push(onNetwork);
    const words = await this.#writeWords();
    const pending = this.#store.pendingCount();
    this.#progress({ phase: 'words-ready', chunks: this.#store.counts().chunks, pending });

    let error: EmbedSearchError | null = null;
    let embedded = 0;
    if (!model.ok) error = model.error;
    else if (pending > 0) ({ embedded, error } = await this.#embed(model.spec));
    this.#progress({ phase: 'publishing' });
    await this.#store.publish({ all: true });
    await this.#store.sweep();
    this.#debug('published and swept');
    return this.#outcome(words, embedded, model.ok ? model.spec : null, error);
  }

  /** Says in the index itself how the run stands, for `status`; never in the way of the error that ended it. */
  note(outcome: RunNote['outcome'], error?: unknown): void {
    const endedAt = outcome === 'running' ? null : new Date().toISOString();
    const detail = error instanceof Error ? { detail: error.message } : {};
    const code = error instanceof EmbedSearchError ? { errorCode: error.code } : {};
    try {
      this.#store.noteRun({
        startedAt: this.#startedAt,
        endedAt,
        outcome,
        ...detail,
        ...code,
        walk: walkSettings(this.#options),
      });
    } catch (cause) {
      if (outcome === 'running' || outcome === 'done') throw cause;
    }
  }

  #progress(event: IndexProgress): void {
    this.#options.onProgress?.(event);
  }

  #debug(message: string): void {
    this.#options.onDebug?.(message);
  }

  /** Texts that an embedder could not take are tried again where another runtime has come. */
  #setModel(spec: ModelSpec): void {
    const before = this.#store.modelFile?.runtime;
    const runtime = runtimeOrUndefined(this.#options.runtime ?? 'auto') ?? before;
    if (runtime !== before) this.#store.clearChunkProblems();
    this.#store.setIdentity(identityOf(spec), modelFileNote(spec, runtime));
  }

  async #writeWords(): Promise<WordsOutcome> {
    const { root, indexDir, signal, only, onFolder, onLeftOut, onDebug } = this.#options;
    const words = await writeWords(this.#store, {
      walk: {
        ...walkSettings(this.#options),
        root,
        neverEnter: [indexDir],
        onFolder,
        // Where no look at all files was ever finished, a part of them is not all that is missing.
        ...(only && this.#store.lastLook !== null ? { only } : {}),
      },
      tokenCounter,
      signal,
      onFile: (filesSeen, chunksAdded) => this.#progress({ phase: 'walking', filesSeen, chunksAdded }),
      onSkipped: (entry) => {
        this.#skipped.add(entry);
        onLeftOut?.(entry);
      },
      onDecision: onDebug && ((decision, path) => onDebug(`${decision}: ${path}`)),
    });
    this.#debug(`compared ${words.seen} files; ${words.indexed} cut into chunks, ${words.removed} gone`);
    this.#warnings.push(...this.#skipped.warnings());
    return words;
  }

  async #embed(spec: ModelSpec): Promise<{ embedded: number; error: EmbedSearchError | null }> {
    const { embedders, signal } = this.#options;
    this.#progress({ phase: 'loading-model', model: spec.id });
    const { embedder, notices } = await embedders.take(spec);
    this.#warnings.push(...notices);
    this.#embedder = embedder;
    let { restarts } = embedder.status();
    this.#restartsBefore = restarts;
    const before = this.#store.counts().withVectors;
    try {
      await embedder.start();
      this.#debug(`embedder ${embedder.status().pid} is ready`);
      let embedderBytes: number | null = null;
      const watch = setInterval(() => void refresh(), 1_000);
      const refresh = async () => {
        const report = memoryReport(await embedder.stats());
        embedderBytes = report.embedder?.rssBytes ?? null;
        this.#options.onMemory?.(report);
      };
      const started = performance.now();
      try {
        const outcome = await embedPending(this.#store, embedder, {
          documentPrefix: spec.documentPrefix,
          tokenLimit: spec.tokenLimit,
          signal,
          onProgress: (done, total, chunksPerSecond) => {
            const status = embedder.status();
            if (status.restarts > restarts)
              this.#debug(`embedder restarted as ${status.pid}: ${status.reason}`);
            restarts = status.restarts;
            this.#debug(`embedded ${done} of ${total}, ${chunksPerSecond.toFixed(1)} a second`);
            this.#progress({ phase: 'embedding', done, total, chunksPerSecond, embedderBytes });
          },
        });
        return { embedded: outcome.embedded, error: null };
      } finally {
        clearInterval(watch);
        this.#embeddingMilliseconds = performance.now() - started;
      }
    } catch (error) {
      if (signal?.aborted || !(error instanceof EmbedSearchError)) throw error;
      return { embedded: this.#store.counts().withVectors - before, error };
    }
  }

  async #outcome(
    words: WordsOutcome,
    embedded: number,
    spec: ModelSpec | null,
    failure: EmbedSearchError | null,
  ): Promise<IndexOutcome> {
    const quarantined = this.#quarantined();
    const error = failure ?? doneInPart(quarantined);
    this.note(error ? 'in-part' : 'done', error ?? undefined);
    const counts = this.#store.counts();
    const stats = await this.#embedder?.stats();
    if (stats?.deviceNotice) this.#warnings.push(stats.deviceNotice);
    return {
      error,
      warnings: this.#warnings,
      result: {
        root: this.#options.root,
        indexDir: this.#options.indexDir,
        generation: this.#store.generation,
        model: spec && { id: spec.id, sha256: spec.sha256, dimensions: spec.dimensions },
        files: {
          seen: words.seen,
          indexed: words.indexed,
          unchanged: words.unchanged,
          removed: words.removed,
          skipped: words.skipped,
        },
        skipped: this.#skipped.listed,
        chunks: {
          embedded,
          reused: Math.max(0, counts.withVectors - embedded),
          removed: words.chunksRemoved,
          total: counts.chunks,
          withVectors: counts.withVectors,
        },
        quarantined,
        restarts: (stats?.status.restarts ?? 0) - this.#restartsBefore,
        seconds: Math.round(performance.now() - this.#started) / 1000,
        embeddingSeconds: Math.round(this.#embeddingMilliseconds) / 1000,
        memory: memoryReport(stats),
      },
    };
  }

  #quarantined(): QuarantinedChunk[] {
    const chunks: QuarantinedChunk[] = [];
    for (const { path, startLine, endLine, reason } of this.#store.problems()) {
      if (startLine !== undefined && endLine !== undefined) chunks.push({ path, startLine, endLine, reason });
    }
    return chunks;
  }
}

/** One that is missing is said when the embedder starts. */
function runtimeOrUndefined(choice: RuntimeChoice): string | undefined {
  try {
    return runtimeIdentity(choice);
  } catch {
    return undefined;
  }
}

function doneInPart(quarantined: readonly QuarantinedChunk[]): EmbedSearchError | null {
  const first = quarantined[0];
  if (!first) return null;
  const where = `${first.path}:${first.startLine}`;
  const others = quarantined.length > 1 ? ` and ${quarantined.length - 1} more` : '';
  return new EmbedSearchError(
    'DONE_IN_PART',
    `${quarantined.length} chunks have no vector: ${where} (${first.reason})${others}.`,
  );
}
