import { existsSync } from 'node:fs';
import { EmbedSearchError } from '../errors.js';
import { mayOpenRecorded, refusedRecorded } from '../models/recorded-file.js';
import { resolveModel } from '../models/resolve-model.js';
import type { KnownModelFile, ModelChoices, ModelSpec, Pooling } from '../models/types.js';
import type { DefaultModel } from './types.js';
import type { IndexIdentity, ModelFileNote } from '../store/types.js';

export type ModelOutcome =
  { readonly ok: true; readonly spec: ModelSpec } | { readonly ok: false; readonly error: EmbedSearchError };

/** What an index remembers of its model; both are null before the first vector. */
export interface ModelMemory {
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
  /** The indexed folder and that of the index: see mayOpenRecorded. */
  readonly folders: readonly string[];
}

/** What the user says; `fallback` names the model of an index that has none yet. */
export interface AskedModel {
  readonly model: string | undefined;
  readonly fallback: DefaultModel | undefined;
  readonly choices: ModelChoices;
}

/**
 * The model to use: the one asked for, else the one that made the index, else the fallback, else the shipped one.
 * A model that cannot be used is a value, since words are indexed without it.
 */
export async function modelForIndex(asked: AskedModel, memory: ModelMemory): Promise<ModelOutcome> {
  const { identity, modelFile } = memory;
  try {
    const known: KnownModelFile | undefined =
      identity && modelFile ? { ...modelFile, sha256: identity.modelSha256 } : undefined;
    const isDefault = asked.model === undefined && modelFile === null;
    const name = asked.model ?? (modelFile ? await movedOr(modelFile, memory) : asked.fallback?.name);
    const spec = await resolveModel(name, {
      ...(known ? { known } : {}),
      ...(isDefault && asked.fallback?.installedOnly ? { installedOnly: true } : {}),
      choices: { ...choicesOf(name, memory), ...stated(asked.choices) },
    });
    return { ok: true, spec };
  } catch (error) {
    if (error instanceof EmbedSearchError) return { ok: false, error };
    throw error;
  }
}

/** What was said of the index's model when the index was made still holds, unless something else is said now. */
function choicesOf(name: string | undefined, { identity, modelFile }: ModelMemory): ModelChoices {
  if (identity === null || modelFile === null || name !== modelFile.path) return {};
  const { pooling, queryPrefix, documentPrefix, dimensions } = identity;
  return { pooling: pooling as Pooling, queryPrefix, documentPrefix, dimensions };
}

function stated(choices: ModelChoices): ModelChoices {
  return Object.fromEntries(Object.entries(choices).filter(([, value]) => value !== undefined));
}

/**
 * The remembered file, or undefined (the shipped model) where it is gone or not to be trusted and the shipped one is
 * the same model. Errors: MODEL_MISSING for one that may have come with the folder.
 */
async function movedOr(
  modelFile: ModelFileNote,
  { identity, folders }: ModelMemory,
): Promise<string | undefined> {
  const mayOpen = mayOpenRecorded(modelFile.path, folders);
  if (mayOpen && existsSync(modelFile.path)) return modelFile.path;
  const shipped = await resolveModel(undefined);
  if (shipped.sha256 === identity?.modelSha256) return undefined;
  if (!mayOpen) throw refusedRecorded(modelFile.path);
  return modelFile.path;
}

export function identityOf(spec: ModelSpec): IndexIdentity {
  return {
    modelId: spec.id,
    modelSha256: spec.sha256,
    dimensions: spec.dimensions,
    pooling: spec.pooling,
    queryPrefix: spec.queryPrefix,
    documentPrefix: spec.documentPrefix,
    tokenLimit: spec.tokenLimit,
    normalization: spec.normalization,
    ...(spec.dimensions === spec.embeddingLength
      ? {}
      : { embeddingLength: spec.embeddingLength, cut: spec.cut }),
    ...(spec.lastToken === '' ? {} : { lastToken: spec.lastToken }),
  };
}

export function modelFileNote(spec: ModelSpec, runtime: string | undefined): ModelFileNote {
  const { path, bytes, mtimeMs, weightTypes, isCausal } = spec;
  return { path, bytes, mtimeMs, weightTypes, isCausal, ...(runtime === undefined ? {} : { runtime }) };
}
