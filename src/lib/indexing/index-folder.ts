import { existingFolder, indexFolderOf, lanesAndLeanness } from '../config.js';
import { createEmbedder } from '../embedder/create-embedder.js';
import { runtimeIdentity } from '../embedder/locate-runtime.js';
import type { EmbeddingProvider, RuntimeChoice } from '../embedder/types.js';
import { asUserError, EmbedSearchError } from '../errors.js';
import { memoryReport } from '../memory.js';
import type { ModelSpec } from '../models/types.js';
import { openLocalStore } from '../store/local-store.js';
import type { RunNote, StoreWriter } from '../store/types.js';
import { tokenCounter } from './count-tokens.js';
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
  const root = existingFolder(options.root);
  const indexDir = indexFolderOf(root, options.indexDir);
  const store = await openLocalStore(indexDir).openWriter({ root, rebuild: options.rebuild ?? false });
  const run = new IndexRun(store, { ...options, root, indexDir });
  try {
    return await run.run();
  } catch (error) {
    const userError = asUserError(error, `Indexing ${root} stopped`);
    run.note(options.signal?.aborted ? 'interrupted' : 'failed', userError);
    throw userError;
  } finally {
    await run.close();
  }
}

type Settled = IndexOptions & { readonly root: string; readonly indexDir: string };

class IndexRun {
  readonly #store: StoreWriter;
  readonly #options: Settled;
  readonly #started = performance.now();
  readonly #startedAt = new Date().toISOString();
  readonly #skipped = new SkipList();
  readonly #warnings: string[] = [];
  #embedder: EmbeddingProvider | undefined;
  #embeddingMilliseconds = 0;

  constructor(store: StoreWriter, options: Settled) {
    this.#store = store;
    this.#options = options;
  }

  async run(): Promise<IndexOutcome> {
    const model = await modelForIndex(this.#options.model, this.#store);
    // Words alone are better than nothing, but no reason to give up vectors that are there.
    if (!model.ok && this.#options.rebuild) throw model.error;
    this.note('running');
    if (model.ok) this.#setModel(model.spec);

    const damaged = this.#options.rebuild ? 0 : await this.#store.heal();
    if (damaged > 0) {
      this.#warnings.push(`${damaged} vectors were damaged on the disk; their texts are embedded again.`);
    }
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

  async close(): Promise<void> {
    try {
      await this.#embedder?.close();
    } finally {
      await this.#store.close();
    }
  }

  #progress(event: IndexProgress): void {
    this.#options.onProgress?.(event);
  }

  /** Texts that an embedder could not take are tried again where another runtime has come. */
  #setModel(spec: ModelSpec): void {
    const before = this.#store.modelFile?.runtime;
    const runtime = runtimeOrUndefined(this.#options.runtime ?? 'auto') ?? before;
    if (runtime !== before) this.#store.clearChunkProblems();
    this.#store.setIdentity(identityOf(spec), modelFileNote(spec, runtime));
  }

  async #writeWords(): Promise<WordsOutcome> {
    const { root, indexDir, signal } = this.#options;
    const words = await writeWords(this.#store, {
      walk: { ...walkSettings(this.#options), root, neverEnter: [indexDir] },
      countTokens: await tokenCounter(),
      signal,
      onFile: (filesSeen, chunksAdded) => this.#progress({ phase: 'walking', filesSeen, chunksAdded }),
      onSkipped: (entry) => this.#skipped.add(entry),
    });
    this.#store.setFileProblems(this.#skipped.problems());
    this.#warnings.push(...this.#skipped.warnings());
    return words;
  }

  async #embed(spec: ModelSpec): Promise<{ embedded: number; error: EmbedSearchError | null }> {
    const { runtime, memory = 'auto', lanes, maxEmbedderMemory, signal } = this.#options;
    this.#progress({ phase: 'loading-model', model: spec.id });
    const embedder = createEmbedder({
      model: spec,
      ...(runtime ? { runtime } : {}),
      ...(maxEmbedderMemory === undefined ? {} : { maxMemoryBytes: maxEmbedderMemory }),
      ...lanesAndLeanness('index', memory, lanes),
    });
    this.#embedder = embedder;
    const before = this.#store.counts().withVectors;
    try {
      await embedder.start();
      let embedderBytes: number | null = null;
      const watch = setInterval(() => void refresh(), 1_000);
      const refresh = async () => {
        embedderBytes = (await embedder.stats()).memory?.rssBytes ?? null;
      };
      const started = performance.now();
      try {
        const outcome = await embedPending(this.#store, embedder, {
          documentPrefix: spec.documentPrefix,
          tokenLimit: spec.tokenLimit,
          signal,
          onProgress: (done, total, chunksPerSecond) =>
            this.#progress({ phase: 'embedding', done, total, chunksPerSecond, embedderBytes }),
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
    const status = this.#embedder?.status();
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
        restarts: status?.restarts ?? 0,
        seconds: Math.round(performance.now() - this.#started) / 1000,
        embeddingSeconds: Math.round(this.#embeddingMilliseconds) / 1000,
        memory: memoryReport(await this.#embedder?.stats(), spec?.bytes ?? 0),
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
