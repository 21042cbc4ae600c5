import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { layersThatFit } from './gpu-layers.js';
import type { Binding, BindingContext, BindingModel } from './binding.js';
import { saysOutOfMemory } from './out-of-memory.js';
import {
  ChildError,
  type ContextShape,
  contextShape,
  isTooLarge,
  lastTokenOf,
  type Runtime,
  type RuntimeLane,
  type RuntimeOptions,
  type VocabularyTokens,
  withSpecialTokens,
} from './runtime.js';

const VOCABULARY_KINDS = ['none', 'spm', 'bpe', 'wpm', 'ugm', 'rwkv', 'plamo2'] as const;
const ERRORS_ONLY = 2;
/** What llama.cpp prints comes from another thread, a little after the failure itself. */
const PRINTED_WITHIN_MS = 20;

/** Loads the model through the binding itself: a sixth of the start and of the memory of the public API. */
export async function createDirectRuntime(options: RuntimeOptions): Promise<Runtime> {
  const nativeErrors: string[] = [];
  const binding = loadBinding(options, nativeErrors);
  await binding.init();
  options.onProgress();
  const gpuLayers = options.device === 'gpu' ? layersOnGpu(binding, options) : 0;
  const model = new binding.AddonModel(options.modelPath, {
    addonExports: binding,
    gpuLayers,
    useMmap: true,
    ...(options.overrides.length === 0
      ? {}
      : { overridesList: options.overrides.map(([key, value]) => [key, BigInt(value)]) }),
    onLoadProgress: options.onProgress,
  });
  const loaded = await model.init().catch((error: Error) => nativeErrors.push(error.message) < 0);
  if (!loaded)
    throw new ChildError('MODEL_INVALID', nativeErrors.join('').trim() || 'llama.cpp could not load it');
  return new DirectRuntime(binding, model, options, nativeErrors, gpuLayers);
}

function layersOnGpu(binding: Binding, options: RuntimeOptions): number {
  const type = binding.getGpuType();
  if (!type) throw new ChildError('RUNTIME_MISSING', 'it finds no device that it can compute on');
  const { total, used } = binding.getGpuVramInfo();
  return layersThatFit({
    layers: options.layers,
    modelBytes: options.modelBytes,
    freeBytes: Math.max(0, total - used),
    lanes: options.lanes,
  });
}

function loadBinding(options: RuntimeOptions, nativeErrors: string[]): Binding {
  let binding: Binding;
  try {
    const file = path.join(options.runtimePath, 'llama-addon.node');
    binding = createRequire(file)(file) as Binding;
  } catch (error) {
    throw new ChildError('RUNTIME_MISSING', `the native library does not load: ${(error as Error).message}`, {
      cause: error,
    });
  }
  binding.markLoaded();
  binding.setLogger((_level, message) => {
    process.stderr.write(message);
    nativeErrors.push(message);
    if (nativeErrors.length > 8) nativeErrors.shift();
  });
  binding.setLoggerLogLevel(ERRORS_ONLY);
  if (options.cpuLibrary !== '') {
    // llama.cpp's own choice looks at every library of the folder; of an empty folder only this variable is left.
    binding.setEnv('GGML_BACKEND_PATH', path.join(options.runtimePath, options.cpuLibrary));
    binding.loadBackends(path.join(options.runtimePath, 'only-the-named-one'));
    binding.setEnv('GGML_BACKEND_PATH', undefined);
  }
  if (binding.getGpuType() === undefined) binding.loadBackends(options.runtimePath);
  if (binding.getGpuType() === undefined) {
    throw new ChildError(
      'RUNTIME_MISSING',
      `none of the libraries in ${options.runtimePath} fits this processor`,
    );
  }
  return binding;
}

class DirectRuntime implements Runtime {
  readonly name = 'direct';
  readonly backend: string;
  readonly dimensions: number;
  readonly trainedTokens: number;
  readonly #binding: Binding;
  readonly #model: BindingModel;
  readonly #tokenLimit: number;
  readonly #sliceTokens: number;
  readonly #onProgress: () => void;
  readonly #vocabulary: VocabularyTokens;
  readonly #nativeErrors: string[];
  readonly #lanes: DirectLane[] = [];

  constructor(
    binding: Binding,
    model: BindingModel,
    options: RuntimeOptions,
    nativeErrors: string[],
    gpuLayers: number,
  ) {
    this.#binding = binding;
    this.#model = model;
    this.#nativeErrors = nativeErrors;
    this.backend =
      gpuLayers > 0
        ? `${binding.getGpuType()}, ${gpuLayers} of ${layersOf(options)} layers on ${binding.getGpuDeviceInfo().deviceNames.join(', ')}`
        : `${options.cpuLibrary || 'CPU'} (${features(binding.systemInfo())})`;
    this.dimensions = model.getEmbeddingVectorSize();
    this.trainedTokens = model.getTrainContextSize();
    this.#tokenLimit = Math.min(options.tokenLimit, this.trainedTokens);
    this.#sliceTokens = options.sliceTokens ?? Infinity;
    this.#onProgress = options.onProgress;
    this.#vocabulary = {
      kind: VOCABULARY_KINDS[model.getVocabularyType()] ?? 'none',
      bos: model.tokenBos(),
      eos: model.tokenEos(),
      sep: model.sepToken(),
      prependBos: model.shouldPrependBosToken(),
      appendEos: model.shouldAppendEosToken(),
      last: lastTokenOf(options.lastToken, (text) => model.tokenize(text, true)),
    };
  }

  get contexts(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.contexts, 0);
  }

  tokenize(text: string): Uint32Array {
    // Special tokens that a text spells out ("[SEP]") stay plain text.
    return withSpecialTokens(this.#model.tokenize(text, false), this.#vocabulary);
  }

  createLane(): RuntimeLane {
    const lane = new DirectLane({
      tokenLimit: this.#tokenLimit,
      sliceTokens: this.#sliceTokens,
      create: (shape) => this.#createContext(shape),
      onSlice: this.#onProgress,
      errors: () => this.#nativeErrors.join('').trim(),
    });
    this.#lanes.push(lane);
    return lane;
  }

  async dispose(): Promise<void> {
    for (const lane of this.#lanes) await lane.dispose();
    await this.#model.dispose();
  }

  async #createContext({ size, flashAttention }: ContextShape): Promise<BindingContext> {
    const context = new this.#binding.AddonContext(this.#model, {
      contextSize: size,
      batchSize: Math.min(size, this.#sliceTokens),
      sequences: 1,
      flashAttention,
      embeddings: true,
      threads: 1,
    });
    if (!(await context.init()))
      throw new ChildError('OUT_OF_MEMORY', `a context of ${size} tokens could not be made`);
    return context;
  }
}

interface LaneOptions {
  readonly tokenLimit: number;
  /** Infinity where a text has to go at once */
  readonly sliceTokens: number;
  readonly create: (shape: ContextShape) => Promise<BindingContext>;
  readonly onSlice: () => void;
  /** What llama.cpp printed last. */
  readonly errors: () => string;
}

/** One context of one thread at a time, made anew (1 to 3 ms) for a text of another size class, or of much less than before. */
class DirectLane implements RuntimeLane {
  readonly #options: LaneOptions;
  #context: { readonly native: BindingContext; readonly size: number; longest: number } | null = null;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get contexts(): number {
    return this.#context === null ? 0 : 1;
  }

  async embed(tokens: Uint32Array): Promise<ArrayLike<number>> {
    const native = await this.#contextFor(tokens.length);
    native.disposeSequence(0);
    const { sliceTokens, onSlice } = this.#options;
    for (let start = 0; start < tokens.length; start += sliceTokens) {
      const slice = tokens.subarray(start, start + sliceTokens);
      native.initBatch(slice.length);
      native.addToBatch(0, start, slice, Uint32Array.of(slice.length - 1));
      await native.decodeBatch().catch((error: Error) => this.#explain(error));
      onSlice();
    }
    return native.getEmbedding(tokens.length);
  }

  async dispose(): Promise<void> {
    const context = this.#context;
    this.#context = null;
    await context?.native.dispose();
  }

  /** The binding says only that it failed; what llama.cpp printed says whether memory was short. */
  async #explain(error: Error): Promise<never> {
    await delay(PRINTED_WITHIN_MS);
    const printed = this.#options.errors();
    if (saysOutOfMemory(printed)) throw new ChildError('OUT_OF_MEMORY', printed, { cause: error });
    throw new Error(`${error.message}${printed === '' ? '' : `: ${printed}`}`, { cause: error });
  }

  async #contextFor(tokens: number): Promise<BindingContext> {
    const shape = contextShape(tokens, this.#options.tokenLimit);
    const had = this.#context;
    if (had !== null && (had.size !== shape.size || isTooLarge(had.longest, tokens, shape)))
      await this.dispose();
    this.#context ??= { native: await this.#options.create(shape), size: shape.size, longest: tokens };
    this.#context.longest = Math.max(this.#context.longest, tokens);
    return this.#context.native;
  }
}

/** As llama.cpp counts: the output is one more. */
function layersOf({ layers }: RuntimeOptions): string {
  return layers === null ? 'its' : String(layers + 1);
}

/** `CPU : SSE3 = 1 | AVX2 = 1 | ... | REPACK = 1 | ` as the names of what is on. */
function features(systemInfo: string): string {
  const names = [...systemInfo.matchAll(/(\w+) = 1/g)].map(([, name]) => name!);
  return names.filter((name) => !['SSE3', 'SSSE3', 'LLAMAFILE', 'REPACK'].includes(name)).join(' ');
}
