/** The part of node-llama-cpp's native binding (3.21.1, AddonTypes.d.ts) that an embedder needs. */
export interface Binding {
  readonly AddonModel: new (
    path: string,
    options: {
      addonExports: Binding;
      gpuLayers: number;
      useMmap: boolean;
      /** Values of metadata that take the place of the file's. */
      overridesList?: [key: string, value: bigint][];
      onLoadProgress?: (share: number) => void;
    },
  ) => BindingModel;
  readonly AddonContext: new (
    model: BindingModel,
    options: {
      contextSize: number;
      batchSize: number;
      sequences: number;
      flashAttention: boolean;
      embeddings: boolean;
      threads: number;
    },
  ) => BindingContext;
  markLoaded(): boolean;
  setLogger(logger: (level: number, message: string) => void): void;
  setLoggerLogLevel(level: number): void;
  setEnv(name: string, value: string | undefined): boolean;
  loadBackends(folder: string): void;
  init(): Promise<void>;
  getGpuType(): string | false | undefined;
  /** Bytes. */
  getGpuVramInfo(): { total: number; used: number };
  getGpuDeviceInfo(): { deviceNames: string[] };
  systemInfo(): string;
}

export interface BindingModel {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  tokenize(text: string, parseSpecialTokens: boolean): Uint32Array;
  getTrainContextSize(): number;
  getEmbeddingVectorSize(): number;
  getVocabularyType(): number;
  shouldPrependBosToken(): boolean;
  shouldAppendEosToken(): boolean;
  tokenBos(): number;
  tokenEos(): number;
  sepToken(): number;
}

/** Not safe for two calls at once, nor for `dispose` during a decode. */
export interface BindingContext {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  disposeSequence(sequence: number): void;
  initBatch(tokens: number): void;
  addToBatch(sequence: number, firstIndex: number, tokens: Uint32Array, outputs: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  getEmbedding(tokens: number): Float64Array;
}
