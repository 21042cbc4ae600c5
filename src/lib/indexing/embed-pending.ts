import { embeddingText } from '../corpus/embedding-text.js';
import { splitChunk } from '../corpus/split-chunk.js';
import type { Embedding, EmbeddingProvider } from '../embedder/types.js';
import type { PendingChunk, StoreWriter } from '../store/types.js';
import { newChunk } from './prepare-file.js';

/**
 * A window of texts is sized to take about this long, and what is embedded is staged that often, in one transaction:
 * an interruption costs little.
 */
const WINDOW_MILLISECONDS = 2_000;
const FIRST_WINDOW = 8;
const LARGEST_WINDOW = 400;

/** Two windows at a time: while one is written, the lanes work on the other. */
const WINDOWS_IN_FLIGHT = 2;

/** Staged vectors that make a shard worth writing. */
const SHARD_VECTORS = 2_000; // Fault build: 60

export interface EmbedPendingOptions {
  readonly documentPrefix: string;
  /** tokens */
  readonly tokenLimit: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number, chunksPerSecond: number) => void;
}

export interface EmbedPendingOutcome {
  embedded: number;
}

/**
 * Gives every text of the store that has no vector one, window by window, and publishes full shards on the way.
 * A text that the model finds too long is split and its words and vectors change together. On an error or an
 * abort what was embedded is kept.
 */
export async function embedPending(
  store: StoreWriter,
  embedder: EmbeddingProvider,
  options: EmbedPendingOptions,
): Promise<EmbedPendingOutcome> {
  const run = new EmbeddingRun(store, embedder, options);
  // All workers are waited for, also after a failure: none may write to a store that is being closed.
  const workers = await Promise.allSettled(Array.from({ length: WINDOWS_IN_FLIGHT }, () => run.work()));
  for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  run.noteSuspects();
  return run.outcome;
}

interface EmbeddedChunk {
  readonly chunk: PendingChunk;
  readonly embedding: Embedding;
}

class EmbeddingRun {
  readonly #store: StoreWriter;
  readonly #embedder: EmbeddingProvider;
  readonly #options: EmbedPendingOptions;
  readonly #inFlight = new Set<string>();
  readonly #started = performance.now();
  readonly #total: number;
  #window = FIRST_WINDOW;
  #lastKept = performance.now();
  #staged = 0;
  #publishing: Promise<unknown> = Promise.resolve();
  #failed = false;
  /** Quarantined with no vector since: a model that is spoiled takes no text at all, and that is not the texts' fault. */
  readonly #suspects = new Map<string, string>();
  readonly outcome: EmbedPendingOutcome = { embedded: 0 };

  constructor(store: StoreWriter, embedder: EmbeddingProvider, options: EmbedPendingOptions) {
    this.#store = store;
    this.#embedder = embedder;
    this.#options = options;
    this.#total = store.pendingCount();
  }

  /** One of the workers that take windows until nothing is pending or one of them has failed. */
  async work(): Promise<void> {
    try {
      for (;;) {
        this.#options.signal?.throwIfAborted();
        if (this.#failed) return;
        const window = this.#nextWindow();
        if (window.length === 0) return;
        await this.#embedWindow(window);
      }
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  #nextWindow(): PendingChunk[] {
    const asked = (key: string) => this.#inFlight.has(key) || this.#suspects.has(key);
    const found = this.#store.pendingChunks(this.#window + this.#inFlight.size + this.#suspects.size);
    const window = found.filter(({ embeddingKey }) => !asked(embeddingKey)).slice(0, this.#window);
    for (const chunk of window) this.#inFlight.add(chunk.embeddingKey);
    return window;
  }

  async #embedWindow(window: readonly PendingChunk[]): Promise<void> {
    const started = performance.now();
    try {
      await this.#embedAll(window);
    } finally {
      for (const chunk of window) this.#inFlight.delete(chunk.embeddingKey);
    }
    const seconds = (performance.now() - started) / 1000;
    const ideal = (window.length / seconds) * (WINDOW_MILLISECONDS / 1000);
    this.#window = Math.round(Math.min(LARGEST_WINDOW, Math.max(1, ideal)));
    const elapsed = (performance.now() - this.#started) / 1000;
    const { embedded } = this.outcome;
    this.#options.onProgress(embedded, Math.max(this.#total, embedded), embedded / elapsed);
    if (this.#staged >= SHARD_VECTORS) await this.#publish();
  }

  /** A model may take seconds for each text: what is done is kept in the middle of a window too, and if it fails. */
  async #embedAll(window: readonly PendingChunk[]): Promise<void> {
    const { documentPrefix, signal } = this.#options;
    const done: EmbeddedChunk[] = [];
    const keepDone = () => {
      this.#lastKept = performance.now();
      this.#keep(done.splice(0));
    };
    const onEmbedding = (index: number, embedding: Embedding) => {
      done.push({ chunk: window[index]!, embedding });
      if (performance.now() - this.#lastKept >= WINDOW_MILLISECONDS) keepDone();
    };
    const texts = window.map((chunk) => documentPrefix + embeddingText(chunk));
    try {
      await this.#embedder.embedBatch(texts, { onEmbedding, ...(signal ? { signal } : {}) });
    } finally {
      keepDone();
    }
  }

  #keep(done: readonly EmbeddedChunk[]): void {
    const vectors: { key: string; vector: Float32Array }[] = [];
    for (const { chunk, embedding } of done) {
      if (embedding.ok) {
        vectors.push({ key: chunk.embeddingKey, vector: embedding.vector });
        this.noteSuspects();
      } else if (embedding.reason === 'too-long') this.#split(chunk, embedding.tokens);
      else this.#suspects.set(chunk.embeddingKey, embedding.detail);
    }
    if (vectors.length > 0) this.#store.stageVectors(vectors);
    this.#staged += vectors.length;
    this.outcome.embedded += vectors.length;
  }

  /** A vector has come since, or the run has come to its end: it was the texts. */
  noteSuspects(): void {
    for (const [key, detail] of this.#suspects) this.#store.noteChunkProblem(key, detail);
    this.#suspects.clear();
  }

  #split(chunk: PendingChunk, tokens: number): void {
    // One piece more than the division says: pieces are cut at lines, so they differ in length.
    const pieces = splitChunk(chunk, Math.ceil(tokens / this.#options.tokenLimit) + 1);
    if (pieces.length < 2) {
      this.#store.noteChunkProblem(chunk.embeddingKey, `too long for the model: ${tokens} tokens`);
      return;
    }
    this.#store.replaceChunk(
      chunk.id,
      pieces.map((piece) => newChunk(chunk.path, chunk.language, piece)),
    );
  }

  /** Shards are written one after the other, whichever worker asks. */
  async #publish(): Promise<void> {
    this.#staged = 0;
    this.#publishing = this.#publishing.then(() => this.#store.publish());
    await this.#publishing;
  }
}
