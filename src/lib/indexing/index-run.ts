import type { SkippedEntry, WalkOptions } from '../corpus/types.js';
import { runtimeIdentity } from '../embedder/locate-runtime.js';
import { saysKilled } from '../embedder/session-end.js';
import type { RuntimeChoice } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';
import type { ModelSpec } from '../models/types.js';
import { networkWarning } from '../store/network-file-system.js';
import type { ChunkProblem, RunNote, StoreWriter } from '../store/types.js';
import { CUT_ANEW, isCutByOtherRules } from './chunk-rules.js';
import { tokenCounter } from './count-tokens.js';
import type { EmbedderKeeper } from './embedder-keeper.js';
import { type EmbeddingPhase, embeddingPhase } from './embedding-phase.js';
import { doneInPart, indexResult, quarantinedChunks } from './index-result.js';
import { identityOf, modelFileNote, modelForIndex, type ModelOutcome } from './model-of-index.js';
import { SkipList } from './skip-list.js';
import type { IndexOptions, IndexOutcome, IndexProgress } from './types.js';
import { walkSettings } from './walk-settings.js';
import { type WordsOutcome, writeWords } from './write-words.js';

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

type Settled = IndexOptions & RunSetting & { readonly root: string; readonly indexDir: string };

/** The steps of one run over an index that is open for writing. */
export class IndexRun {
  readonly #store: StoreWriter;
  readonly #options: Settled;
  readonly #started = performance.now();
  readonly #startedAt = new Date().toISOString();
  readonly #skipped = new SkipList();
  readonly #warnings: string[] = [];

  constructor(store: StoreWriter, options: Settled) {
    this.#store = store;
    this.#options = options;
  }

  async run(): Promise<IndexOutcome> {
    const model = await this.#model();
    await this.#heal();
    const onNetwork = networkWarning(this.#options.indexDir);
    if (onNetwork !== undefined) this.#warnings.push(onNetwork);
    const words = await this.#writeWords();
    const pending = this.#store.pendingCount();
    this.#progress({ phase: 'words-ready', chunks: this.#store.counts().chunks, pending });

    // By a run that looks at all files: an edit must not wait for an embedder that is killed again.
    const isWhole = this.#options.only === undefined;
    const killed = isWhole ? this.#store.chunkProblems().filter(({ reason }) => saysKilled(reason)) : [];
    const isAsked = pending > 0 || killed.length > 0;
    const embedding = model.ok && isAsked ? await this.#embed(model.spec, killed) : undefined;
    this.#progress({ phase: 'publishing' });
    await this.#store.publish({ all: true });
    await this.#store.sweep();
    this.#debug('published and swept');
    return this.#outcome(model, words, embedding);
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

  /** Finds the model, and notes it in the index with the beginning of the run. */
  async #model(): Promise<ModelOutcome> {
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
    return model;
  }

  /** Texts that an embedder could not take are tried again where another runtime has come. */
  #setModel(spec: ModelSpec): void {
    const before = this.#store.modelFile?.runtime;
    const runtime = runtimeOrUndefined(this.#options.runtime ?? 'auto') ?? before;
    if (runtime !== before) this.#store.clearChunkProblems();
    this.#store.setIdentity(identityOf(spec), modelFileNote(spec, runtime));
  }

  async #heal(): Promise<void> {
    // One that was made anew has taken in shards as they are.
    const isChecked = this.#options.isChecked === true && this.#store.lastLook !== null;
    const isSound = this.#options.rebuild === true || isChecked;
    const damaged = isSound ? 0 : await this.#store.heal();
    this.#debug(`checked the shards: ${damaged} vectors damaged`);
    if (damaged > 0) {
      const [what, texts] =
        damaged === 1 ? ['1 vector was', 'its text is'] : [`${damaged} vectors were`, 'their texts are'];
      this.#warnings.push(`${what} damaged on the disk; ${texts} embedded again.`);
    }
  }

  async #writeWords(): Promise<WordsOutcome> {
    const { root, indexDir, signal, only, onFolder, onLeftOut, onDebug } = this.#options;
    if (isCutByOtherRules(this.#store) && this.#store.counts().files > 0) this.#warnings.push(CUT_ANEW);
    const words = await writeWords(this.#store, {
      walk: {
        ...walkSettings(this.#options),
        root,
        neverEnter: [indexDir],
        onFolder,
        // Where no look at all files was ever finished, or not by these rules, a part of them is not all that is missing.
        ...(only && this.#store.lastLook !== null && !isCutByOtherRules(this.#store) ? { only } : {}),
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
    // Before the vectors: what they wait in until they fill a shard takes the pages that this frees.
    await this.#store.tidyWords(signal);
    this.#debug(`compared ${words.seen} files; ${words.indexed} cut into chunks, ${words.removed} gone`);
    this.#warnings.push(...this.#skipped.warnings());
    return words;
  }

  async #embed(spec: ModelSpec, killed: readonly ChunkProblem[]): Promise<EmbeddingPhase> {
    const embedding = await embeddingPhase(this.#store, spec, killed, this.#options);
    this.#warnings.push(...embedding.notices);
    return embedding;
  }

  async #outcome(
    model: ModelOutcome,
    words: WordsOutcome,
    embedding: EmbeddingPhase | undefined,
  ): Promise<IndexOutcome> {
    const quarantined = quarantinedChunks(this.#store);
    const failure = model.ok ? (embedding?.error ?? null) : model.error;
    const error = failure ?? doneInPart(quarantined);
    this.note(error ? 'in-part' : 'done', error ?? undefined);
    const stats = await embedding?.embedder.stats();
    if (stats?.deviceNotice) this.#warnings.push(stats.deviceNotice);
    const { root, indexDir } = this.#options;
    const result = indexResult(this.#store, {
      root,
      indexDir,
      spec: model.ok ? model.spec : null,
      words,
      skipped: this.#skipped.listed,
      quarantined,
      embedding,
      stats,
      milliseconds: performance.now() - this.#started,
    });
    return { error, warnings: this.#warnings, result };
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
