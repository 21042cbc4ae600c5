import { embedderKey } from '../embedder/embedder-key.js';
import { createPlannedEmbedder, type EmbedderChoices } from '../embedder/planned-embedder.js';
import type { EmbeddingProvider } from '../embedder/types.js';
import type { ModelSpec } from '../models/types.js';

/** An embedder with what the user should know of how it fits the machine. */
export interface KeptEmbedder {
  readonly embedder: EmbeddingProvider;
  readonly notices: readonly string[];
}

/** The embedder of one run or of many, made when a text is to be embedded. It unloads its child itself when it is idle. */
export class EmbedderKeeper {
  readonly #choices: EmbedderChoices;
  #current: (KeptEmbedder & { readonly model: ModelSpec }) | undefined;

  constructor(choices: EmbedderChoices) {
    this.#choices = choices;
  }

  /** The one for this model; one for another model ends. Errors: EMBEDDER_OUT_OF_MEMORY, see planMemory. */
  async take(model: ModelSpec): Promise<KeptEmbedder> {
    const kept = this.#current;
    if (kept && embedderKey(kept.model) === embedderKey(model)) return kept;
    await this.close();
    const planned = createPlannedEmbedder({ job: 'index', model, footprint: model, choices: this.#choices });
    this.#current = { ...planned, model };
    return this.#current;
  }

  async close(): Promise<void> {
    const kept = this.#current;
    this.#current = undefined;
    await kept?.embedder.close();
  }
}
