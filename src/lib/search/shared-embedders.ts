import { embedderKey } from '../embedder/embedder-key.js';
import { createPlannedEmbedder, type EmbedderChoices } from '../embedder/planned-embedder.js';
import type { EmbedderModel, EmbedderStats, EmbedderStatus, EmbeddingProvider } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';

export interface SharedEmbedderOptions extends EmbedderChoices {
  /** How long a query waits for an embedder that is not ready, milliseconds. */
  readonly startMilliseconds: number;
  /** How long a query waits for its vector at all, milliseconds. */
  readonly answerMilliseconds: number;
}

/**
 * One embedder a model, and a way to use it, for any number of searchers, which may come and go. Who asks it waits for a short time only:
 * words are there at once, and a search says that they had to do.
 */
export class SharedEmbedders {
  readonly #options: SharedEmbedderOptions;
  readonly #byModel = new Map<string, EmbeddingProvider>();
  #latest: EmbeddingProvider | undefined;

  constructor(options: SharedEmbedderOptions) {
    this.#options = options;
  }

  /** The embedder of a model, for a searcher: closing it leaves the embedder to the others. */
  of(model: EmbedderModel): EmbeddingProvider {
    const key = embedderKey(model);
    let embedder = this.#byModel.get(key);
    if (embedder === undefined) {
      // Agents ask the same again, and soon: a small cache.
      const planned = {
        job: 'query',
        model,
        footprint: null,
        choices: this.#options,
        cache: { entries: 200 },
      } as const;
      embedder = createPlannedEmbedder(planned).embedder;
      this.#byModel.set(key, embedder);
    }
    this.#latest = embedder;
    return impatient(embedder, this.#options);
  }

  /** Of the embedder that was asked for last; null before the first. */
  status(): EmbedderStatus | null {
    return this.#latest?.status() ?? null;
  }

  /** Of the embedder that was asked for last. */
  async stats(): Promise<EmbedderStats | undefined> {
    return this.#latest?.stats();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#byModel.values()].map((embedder) => embedder.close()));
  }
}

/** The same embedder for somebody who will not wait: EMBEDDER_FAILED says what it was busy with. */
function impatient(embedder: EmbeddingProvider, limits: SharedEmbedderOptions): EmbeddingProvider {
  return {
    embed: async (text, { signal } = {}) => {
      const controller = new AbortController();
      const giveUp = (reason: string) =>
        controller.abort(new EmbedSearchError('EMBEDDER_FAILED', `embedder ${reason}`));
      const onReady = setTimeout(() => {
        const { state } = embedder.status();
        if (state !== 'ready') giveUp(state === 'idle' ? 'starting' : state);
      }, limits.startMilliseconds);
      const onAnswer = setTimeout(() => giveUp('busy'), limits.answerMilliseconds);
      try {
        const signals = signal ? [signal, controller.signal] : [controller.signal];
        return await embedder.embed(text, { signal: AbortSignal.any(signals) });
      } finally {
        clearTimeout(onReady);
        clearTimeout(onAnswer);
      }
    },
    embedBatch: (texts, options) => embedder.embedBatch(texts, options),
    start: () => embedder.start(),
    status: () => embedder.status(),
    stats: () => embedder.stats(),
    close: async () => {},
  };
}
