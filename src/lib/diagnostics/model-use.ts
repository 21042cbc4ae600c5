import { availableParallelism } from 'node:os';
import { type CpuFacts, leanCpuLibrary, repackedTypes, thisProcessor } from '../embedder/cpu-backend.js';
import { expectedMemory, type MemoryPlan, planMemory, USUAL_TOKENS } from '../embedder/memory-plan.js';
import { freeMemory } from '../memory.js';
import { type ModelOutline, outlineModel } from '../models/model-spec.js';
import { profileByName, sourceOf } from '../models/profiles.js';
import { findModelFile } from '../models/resolve-model.js';

/** The machine, as far as it decides what is done with a model. */
export interface Machine {
  readonly processor: CpuFacts;
  readonly cores: number;
  /** Bytes that can still be taken. */
  readonly freeBytes: number;
}

export interface ExpectedMode {
  readonly memory: 'lean' | 'fast';
  readonly lanes: number;
  readonly anonymousBytes: number;
  readonly repackedBytes: number;
}

/** What will be done with a model, said before anything is loaded. */
export interface ModelUse {
  readonly id: string;
  readonly path: string;
  readonly bytes: number;
  readonly architecture: string;
  readonly dimensions: number;
  readonly embeddingLength: number;
  readonly pooling: string;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  readonly tokenLimit: number;
  readonly normalization: string;
  readonly lastToken: string;
  readonly weights: readonly string[];
  /** The profile that says so and where that has it from, or null: then it is assumed. */
  readonly profile: {
    readonly name: string;
    readonly licence: string;
    readonly sources: Readonly<Record<string, string>>;
  } | null;
  /** Whether the CPU backend of this machine copies weights into another layout; null where that is not known. */
  readonly repacks: boolean | null;
  /** The CPU library that `lean` loads; empty: llama.cpp's own choice. */
  readonly leanLibrary: string;
  /** Expected memory of texts up to 256 tokens; the mapped file, `bytes`, comes on top and is shared. */
  readonly memory: readonly ExpectedMode[];
  /** What `--memory auto` would do here now, for index and for query. */
  readonly auto: { readonly index: MemoryPlan; readonly query: MemoryPlan };
  readonly notes: readonly string[];
}

const SOURCED = ['pooling', 'queryPrefix', 'documentPrefix', 'tokenLimit', 'matryoshka', 'licence'] as const;

/** What is known of this machine. */
export function thisMachine(): Machine {
  return { processor: thisProcessor(), cores: availableParallelism(), freeBytes: freeMemory() };
}

/** What will be done with a model on a machine. Reads nothing and loads nothing. */
export function describeUse(model: ModelOutline, machine: Machine = thisMachine()): ModelUse {
  const repacked = repackedTypes(machine.processor);
  const mode = (memory: 'lean' | 'fast', lanes: number): ExpectedMode => {
    const settings = { lanes, lean: memory === 'lean', tokens: USUAL_TOKENS, repacked };
    const { anonymousBytes, repackedBytes } = expectedMemory(model, settings);
    return { memory, lanes, anonymousBytes, repackedBytes };
  };
  const auto = (job: 'index' | 'query'): MemoryPlan =>
    planMemory({ job, mode: 'auto', lanes: undefined, model, repacked, ...machine });
  const profile = model.profile === null ? undefined : profileByName(model.profile);
  return {
    id: model.id,
    path: model.path,
    bytes: model.bytes,
    architecture: model.architecture,
    dimensions: model.dimensions,
    embeddingLength: model.embeddingLength,
    pooling: model.pooling,
    queryPrefix: model.queryPrefix,
    documentPrefix: model.documentPrefix,
    tokenLimit: model.tokenLimit,
    normalization: model.normalization,
    lastToken: model.lastToken,
    weights: model.weightTypes,
    profile: profile
      ? {
          name: profile.name,
          licence: profile.licence,
          sources: Object.fromEntries(SOURCED.map((fact) => [fact, sourceOf(profile, fact)])),
        }
      : null,
    repacks: repacked === null ? null : model.weightTypes.some((type) => repacked.has(type)),
    leanLibrary: leanCpuLibrary(machine.processor, model.weightTypes),
    memory: [mode('lean', 1), mode('fast', 1), ...(machine.cores > 1 ? [mode('fast', machine.cores)] : [])],
    auto: { index: auto('index'), query: auto('query') },
    notes: model.notes,
  };
}

/** The same of the model that a user names. Errors: those of a model that is missing or unusable. */
export async function useOf(
  nameOrFile: string | undefined,
  choices: Parameters<typeof outlineModel>[1],
): Promise<ModelUse> {
  return describeUse(await outlineModel(findModelFile(nameOrFile), choices));
}
