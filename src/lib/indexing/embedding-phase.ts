import type { EmbeddingProvider } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';
import { memoryReport } from '../memory.js';
import type { ModelSpec } from '../models/types.js';
import type { ChunkProblem, StoreWriter } from '../store/types.js';
import { embedPending } from './embed-pending.js';
import type { EmbedderKeeper } from './embedder-keeper.js';
import type { IndexOptions } from './types.js';

type PhaseOptions = Pick<IndexOptions, 'signal' | 'onProgress' | 'onMemory' | 'onDebug'> & {
  readonly embedders: EmbedderKeeper;
};

export interface EmbeddingPhase {
  readonly embedder: EmbeddingProvider;
  /** What the user should know of how the embedder fits the machine. */
  readonly notices: readonly string[];
  /** Those of an embedder that served other runs before. */
  readonly restartsBefore: number;
  readonly embedded: number;
  /** What ended it before its end; what was embedded until then is kept. */
  readonly error: EmbedSearchError | null;
  /** In which texts were embedded: the start of the embedder is not counted. */
  readonly milliseconds: number;
}

/**
 * The part of a run that needs the embedder. One that cannot be had at all, or the signal, is thrown. `killed`: texts over which
 * it was killed in runs before, which are given to it once more.
 */
export async function embeddingPhase(
  store: StoreWriter,
  spec: ModelSpec,
  killed: readonly ChunkProblem[],
  options: PhaseOptions,
): Promise<EmbeddingPhase> {
  options.onProgress?.({ phase: 'loading-model', model: spec.id });
  const { embedder, notices } = await options.embedders.take(spec);
  const { restarts: restartsBefore } = embedder.status();
  const before = store.counts().withVectors;
  let embedded = 0;
  let error: EmbedSearchError | null = null;
  let milliseconds = 0;
  try {
    await embedder.start();
    options.onDebug?.(`embedder ${embedder.status().pid} is ready`);
    const started = performance.now();
    try {
      embedded = await embedAndTell(store, embedder, spec, options, restartsBefore);
      if (killed.length > 0) embedded += await embedKilled(store, embedder, spec, killed, options);
    } finally {
      milliseconds = performance.now() - started;
    }
  } catch (thrown) {
    if (options.signal?.aborted || !(thrown instanceof EmbedSearchError)) throw thrown;
    error = thrown;
    embedded = store.counts().withVectors - before;
  }
  return { embedder, notices, restartsBefore, embedded, error, milliseconds };
}

/** When all others have their vectors: whatever becomes of these, it keeps nothing from them. */
async function embedKilled(
  store: StoreWriter,
  embedder: EmbeddingProvider,
  spec: ModelSpec,
  killed: readonly ChunkProblem[],
  options: PhaseOptions,
): Promise<number> {
  const before = store.counts().withVectors;
  store.clearChunkProblems(killed.map(({ embeddingKey }) => embeddingKey));
  try {
    await embedAndTell(store, embedder, spec, options, embedder.status().restarts);
  } catch (thrown) {
    if (options.signal?.aborted || !(thrown instanceof EmbedSearchError)) throw thrown;
    options.onDebug?.(`the embedder was killed again: ${thrown.message}`);
  } finally {
    for (const { embeddingKey, reason } of killed) store.noteChunkProblem(embeddingKey, reason);
  }
  return store.counts().withVectors - before;
}

/** Embeds what is pending; on the way its user is told of progress, memory and restarts. */
async function embedAndTell(
  store: StoreWriter,
  embedder: EmbeddingProvider,
  { documentPrefix, tokenLimit }: ModelSpec,
  options: PhaseOptions,
  restartsBefore: number,
): Promise<number> {
  let restarts = restartsBefore;
  let embedderBytes: number | null = null;
  const refresh = async () => {
    const report = memoryReport(await embedder.stats());
    embedderBytes = report.embedder?.rssBytes ?? null;
    options.onMemory?.(report);
  };
  // What its user throws there ends the run as it does in a progress call, not the process.
  let thrown: { readonly error: unknown } | undefined;
  const watch = setInterval(() => void refresh().catch((error: unknown) => (thrown ??= { error })), 1_000);
  try {
    const { embedded } = await embedPending(store, embedder, {
      documentPrefix,
      tokenLimit,
      signal: options.signal,
      onProgress: (done, total, chunksPerSecond) => {
        const status = embedder.status();
        if (status.restarts > restarts) {
          options.onDebug?.(`embedder restarted as ${status.pid}: ${status.reason}`);
        }
        restarts = status.restarts;
        options.onDebug?.(`embedded ${done} of ${total}, ${chunksPerSecond.toFixed(1)} a second`);
        if (thrown !== undefined) throw thrown.error;
        options.onProgress?.({ phase: 'embedding', done, total, chunksPerSecond, embedderBytes });
      },
    });
    return embedded;
  } finally {
    clearInterval(watch);
  }
}
