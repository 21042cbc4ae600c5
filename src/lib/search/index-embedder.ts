import { createPlannedEmbedder } from '../embedder/planned-embedder.js';
import type { EmbedderModel, EmbeddingProvider } from '../embedder/types.js';
import { outlineModel } from '../models/model-spec.js';
import { modelOfIndex, type RecordedModel } from './model-of-index.js';
import type { SearcherOptions } from './types.js';

interface Newest {
  /** What the newest generation says of its model; throws where it has no vectors. */
  readonly recorded: () => RecordedModel;
  readonly folders: () => readonly string[];
}

/** The embedder of an index: one at a time, from the first query that needs it on, for the model of the newest generation. */
export class IndexEmbedder {
  readonly #options: SearcherOptions;
  readonly #newest: Newest;
  #model: Promise<EmbedderModel> | undefined;
  #provider: EmbeddingProvider | undefined;

  constructor(options: SearcherOptions, newest: Newest) {
    this.#options = options;
    this.#newest = newest;
  }

  /** The one that there is. */
  get current(): EmbeddingProvider | undefined {
    return this.#provider;
  }

  /** Makes it if need be; also for calls at the same time there is one. Errors as of modelOfIndex. */
  async provide(): Promise<EmbeddingProvider> {
    const { embedders, memory, model: asked, choices } = this.#options;
    const pending = (this.#model ??= modelOfIndex(this.#newest.recorded(), {
      model: asked,
      choices,
      folders: this.#newest.folders(),
    }));
    const model = await pending.catch((error: unknown) => {
      if (this.#model === pending) this.#model = undefined; // a file that comes back is found by the next query
      throw error;
    });
    // Only `fast` asks how large the model is: that means to read its file.
    const footprint =
      memory === 'fast' && !embedders ? await outlineModel(model.path, { pooling: model.pooling }) : null;
    // Warming up holds no generation: another one came meanwhile, perhaps of another model.
    if (this.#model !== pending) return this.provide();
    // People and agents ask the same again: a cache.
    const planned = { job: 'query', model, footprint, choices: this.#options, cache: {} } as const;
    this.#provider ??= embedders?.of(model) ?? createPlannedEmbedder(planned).embedder;
    return this.#provider;
  }

  /** Another generation was made by another model: its embedder is not the one that runs. */
  forget(): void {
    this.#model = undefined;
    void this.#provider?.close();
    this.#provider = undefined;
  }

  async close(): Promise<void> {
    await this.#provider?.close();
  }
}
