import { availableParallelism } from 'node:os';
import type { MemoryMode } from '../config.js';
import { freeMemory } from '../memory.js';
import { repackedTypes, thisProcessor } from './cpu-backend.js';
import { createEmbedder } from './create-embedder.js';
import { type ModelFootprint, planMemory } from './memory-plan.js';
import type { CacheOptions, DeviceChoice, EmbedderModel, EmbeddingProvider, RuntimeChoice } from './types.js';

/** What a user may say about an embedder. */
export interface EmbedderChoices {
  readonly runtime?: RuntimeChoice | undefined;
  readonly device?: DeviceChoice | undefined;
  readonly lanes?: number | undefined;
  readonly memory?: MemoryMode | undefined;
  /** Bytes of the embedder's own memory that make it start anew; default: what model and lanes should need, twice. */
  readonly maxEmbedderMemory?: number | undefined;
}

export interface PlannedOptions {
  /** `index` wants throughput, `query` a small process. */
  readonly job: 'index' | 'query';
  readonly model: EmbedderModel;
  /** null where the sizes of the model are not at hand. */
  readonly footprint: ModelFootprint | null;
  readonly choices: EmbedderChoices;
  readonly cache?: CacheOptions;
}

/** An embedder whose lanes and leanness fit the job and the memory that is free, with what the user should know of that. */
export function createPlannedEmbedder({ job, model, footprint, choices, cache }: PlannedOptions): {
  readonly embedder: EmbeddingProvider;
  readonly notices: readonly string[];
} {
  const { runtime, device, lanes, memory = 'auto', maxEmbedderMemory } = choices;
  const plan = planMemory({
    job,
    mode: memory,
    lanes,
    cores: availableParallelism(),
    freeBytes: freeMemory(),
    model: footprint,
    repacked: repackedTypes(thisProcessor()),
  });
  const embedder = createEmbedder({
    model,
    lanes: plan.lanes,
    lean: plan.lean,
    ...(cache === undefined ? {} : { cache }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(device === undefined ? {} : { device }),
    ...(maxEmbedderMemory === undefined ? {} : { maxMemoryBytes: maxEmbedderMemory }),
  });
  return { embedder, notices: plan.notices };
}
