import { pathToFileURL } from 'node:url';

import {
  ChildError,
  contextShape,
  lastTokenOf,
  type Runtime,
  type RuntimeLane,
  type RuntimeOptions,
  type VocabularyTokens,
  withSpecialTokens,
} from './runtime.js';

/** The part of node-llama-cpp's public API (3.21.1) that an embedder needs. */
interface PublicApi {
  getLlama(options: object): Promise<PublicLlama>;
}

interface PublicLlama {
  readonly gpu: string | false;
  readonly systemInfo: string;
  loadModel(options: object): Promise<PublicModel>;
}

interface PublicModel {
  readonly trainContextSize: number;
  readonly embeddingVectorSize: number;
  readonly vocabularyType: VocabularyTokens['kind'];
  readonly tokens: {
    readonly bos: number | null;
    readonly eos: number | null;
    readonly sep: number | null;
    readonly shouldPrependBosToken: boolean;
    readonly shouldAppendEosToken: boolean;
  };
  tokenize(text: string, specialTokens: boolean): number[];
  createEmbeddingContext(options: object): Promise<PublicContext>;
  dispose(): Promise<void>;
}

interface PublicContext {
  getEmbeddingFor(tokens: readonly number[]): Promise<{ readonly vector: readonly number[] }>;
  dispose(): Promise<void>;
}

/** Loads the model through node-llama-cpp's public API, for systems whose binding does not load by itself. */
export async function createCompatRuntime(options: RuntimeOptions): Promise<Runtime> {
  const errors: string[] = [];
  const llama = await startLlama(options, errors);
  options.onProgress();
  try {
    const model = await llama.loadModel({
      modelPath: options.modelPath,
      gpuLayers: options.device === 'gpu' ? 'auto' : 0,
      useMmap: true,
      metadataOverrides: nested(options.overrides),
      onLoadProgress: options.onProgress,
    });
    return new CompatRuntime(llama, model, options);
  } catch (error) {
    throw new ChildError('MODEL_INVALID', [...errors, (error as Error).message].join('\n'), { cause: error });
  }
}

async function startLlama(options: RuntimeOptions, errors: string[]): Promise<PublicLlama> {
  try {
    const api = (await import(pathToFileURL(options.runtimePath).href)) as PublicApi;
    return await api.getLlama({
      // Without it node-llama-cpp starts to compile llama.cpp when its test of the binding fails.
      build: 'never',
      gpu: options.device === 'gpu' ? 'auto' : false,
      progressLogs: false,
      maxThreads: options.lanes,
      logLevel: 'error',
      logger: (_level: string, message: string) => {
        process.stderr.write(`${message}\n`);
        errors.push(message);
        if (errors.length > 8) errors.shift();
      },
    });
  } catch (error) {
    throw new ChildError('RUNTIME_MISSING', `node-llama-cpp does not start: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

class CompatRuntime implements Runtime {
  readonly name = 'compat';
  readonly backend: string;
  readonly dimensions: number;
  readonly trainedTokens: number;
  readonly #model: PublicModel;
  readonly #tokenLimit: number;
  readonly #sliceTokens: number;
  readonly #vocabulary: VocabularyTokens;
  readonly #lanes: CompatLane[] = [];

  constructor(llama: PublicLlama, model: PublicModel, options: RuntimeOptions) {
    this.#model = model;
    this.backend = `${llama.gpu === false ? 'CPU' : llama.gpu} through node-llama-cpp`;
    this.dimensions = model.embeddingVectorSize;
    this.trainedTokens = model.trainContextSize;
    this.#tokenLimit = Math.min(options.tokenLimit, this.trainedTokens);
    this.#sliceTokens = options.sliceTokens ?? Infinity;
    const { bos, eos, sep, shouldPrependBosToken, shouldAppendEosToken } = model.tokens;
    this.#vocabulary = {
      kind: model.vocabularyType,
      bos: bos ?? -1,
      eos: eos ?? -1,
      sep: sep ?? -1,
      prependBos: shouldPrependBosToken,
      appendEos: shouldAppendEosToken,
      last: lastTokenOf(options.lastToken, (text) => model.tokenize(text, true)),
    };
  }

  get contexts(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.contexts, 0);
  }

  tokenize(text: string): Uint32Array {
    // All special tokens are put here: given text, the public API leaves out the first one of some vocabularies.
    return withSpecialTokens(Uint32Array.from(this.#model.tokenize(text, false)), this.#vocabulary);
  }

  createLane(): RuntimeLane {
    const lane = new CompatLane((tokens) => this.#createContext(tokens));
    this.#lanes.push(lane);
    return lane;
  }

  async dispose(): Promise<void> {
    for (const lane of this.#lanes) await lane.dispose();
    await this.#model.dispose();
  }

  async #createContext(tokens: number): Promise<{ native: PublicContext; size: number }> {
    // The public API refuses a text that fills its context to the last token.
    const size = contextShape(tokens, this.#tokenLimit).size + 1;
    const native = await this.#model
      .createEmbeddingContext({ contextSize: size, batchSize: Math.min(size, this.#sliceTokens), threads: 1 })
      .catch((error: Error) => {
        throw new ChildError(
          'OUT_OF_MEMORY',
          `a context of ${size} tokens could not be made: ${error.message}`,
          { cause: error },
        );
      });
    return { native, size };
  }
}

/** `[['qwen2.pooling_type', 3]]` as the public API takes it: `{ qwen2: { pooling_type: 3 } }`. */
function nested(overrides: RuntimeOptions['overrides']): Record<string, Record<string, number>> {
  return Object.fromEntries(
    overrides.map(([key, value]) => {
      const dot = key.lastIndexOf('.');
      return [key.slice(0, dot), { [key.slice(dot + 1)]: value }];
    }),
  );
}

/** One context, made anew when a text is longer than it. */
class CompatLane implements RuntimeLane {
  readonly #create: (tokens: number) => Promise<{ native: PublicContext; size: number }>;
  #context: { native: PublicContext; size: number } | null = null;

  constructor(create: (tokens: number) => Promise<{ native: PublicContext; size: number }>) {
    this.#create = create;
  }

  get contexts(): number {
    return this.#context === null ? 0 : 1;
  }

  async embed(tokens: Uint32Array): Promise<ArrayLike<number>> {
    if (this.#context !== null && this.#context.size <= tokens.length) await this.dispose();
    this.#context ??= await this.#create(tokens.length);
    return (await this.#context.native.getEmbeddingFor([...tokens])).vector;
  }

  async dispose(): Promise<void> {
    const context = this.#context;
    this.#context = null;
    await context?.native.dispose();
  }
}
