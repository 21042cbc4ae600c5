import { createPlannedEmbedder, type EmbedderChoices } from '../embedder/planned-embedder.js';
import type { EmbeddingProvider } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';
import { modelForIndex } from '../indexing/model-of-index.js';
import type { DefaultModel } from '../indexing/types.js';
import type { ModelChoices, ModelSpec } from '../models/types.js';
import { openLocalStore } from '../store/local-store.js';
import type { StoreReader } from '../store/types.js';

export interface DoctorOptions extends EmbedderChoices {
  /** Absolute: the folder that was asked about. */
  readonly folder: string;
  /** The index to look at, or why there is none. */
  readonly index: { readonly indexDir: string; readonly root?: string } | EmbedSearchError;
  readonly model?: string | undefined;
  /** What an index that is made now would use. */
  readonly defaultModel?: DefaultModel | undefined;
  readonly choices?: ModelChoices | undefined;
  /** Also what takes long or is rude: every checksum, a crash that is forced. */
  readonly deep: boolean;
  /** Every EMBED_SEARCH_ variable that means something. */
  readonly knownVariables: readonly string[];
  /** The program that users start, for a handshake with itself. */
  readonly program: string;
  readonly terminal: { readonly isTerminal: boolean; readonly columns: number; readonly colours: boolean };
  readonly signal?: AbortSignal | undefined;
}

/** What is examined: the model, an embedder for it and the index, each opened once and by the first who asks. */
export class Subject {
  readonly options: DoctorOptions;
  #reader: Promise<StoreReader> | undefined;
  #model: Promise<ModelSpec> | undefined;
  #embedder: EmbeddingProvider | undefined;

  constructor(options: DoctorOptions) {
    this.options = options;
  }

  get signal(): AbortSignal | undefined {
    return this.options.signal;
  }

  get indexDir(): string | undefined {
    const { index } = this.options;
    return index instanceof EmbedSearchError ? undefined : index.indexDir;
  }

  /** Throws what kept the index from being found or opened. */
  reader(): Promise<StoreReader> {
    const { index } = this.options;
    if (index instanceof EmbedSearchError) throw index;
    this.#reader ??= openLocalStore(index.indexDir).openReader();
    return this.#reader;
  }

  async root(): Promise<string> {
    const { index } = this.options;
    return (index instanceof EmbedSearchError ? undefined : index.root) ?? (await this.reader()).root;
  }

  /** The model asked for, else the one that made the index, else the shipped one. */
  model(): Promise<ModelSpec> {
    this.#model ??= this.#findModel();
    return this.#model;
  }

  async #findModel(): Promise<ModelSpec> {
    const { model, defaultModel: fallback, choices = {} } = this.options;
    const { identity = null, modelFile = null } = (await this.readerOrUndefined()) ?? {};
    const folders = modelFile === null ? [] : [await this.root(), this.indexDir!];
    const found = await modelForIndex({ model, fallback, choices }, { identity, modelFile, folders });
    if (!found.ok) throw found.error;
    return found.spec;
  }

  async readerOrUndefined(): Promise<StoreReader | undefined> {
    try {
      return await this.reader();
    } catch {
      return undefined; // the checks of the index say why
    }
  }

  async embedder(): Promise<EmbeddingProvider> {
    this.#embedder ??= await this.newEmbedder(this.options.lanes);
    return this.#embedder;
  }

  /** One more embedder, which the caller closes. */
  async newEmbedder(lanes: number | undefined): Promise<EmbeddingProvider> {
    const model = await this.model();
    const choices = { ...this.options, lanes };
    return createPlannedEmbedder({ job: 'query', model, footprint: model, choices }).embedder;
  }

  /** What `stats()` of the embedder says, when one was started. */
  async embedderStats() {
    return this.#embedder?.stats();
  }

  async close(): Promise<void> {
    await this.#embedder?.close();
    (await this.readerOrUndefined())?.close();
  }
}
