import { existsSync } from 'node:fs';
import { EmbedSearchError } from '../errors.js';
import { resolveModel } from '../models/resolve-model.js';
import type { KnownModelFile, ModelSpec } from '../models/types.js';
import type { IndexIdentity, ModelFileNote } from '../store/types.js';

export type ModelOutcome =
  { readonly ok: true; readonly spec: ModelSpec } | { readonly ok: false; readonly error: EmbedSearchError };

/** What an index remembers of its model; both are null before the first vector. */
export interface ModelMemory {
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
}

/**
 * The model to use: the one asked for, else the one that made the index, else the shipped one.
 * A model that cannot be used is a value, since words are indexed without it.
 */
export async function modelForIndex(
  asked: string | undefined,
  { identity, modelFile }: ModelMemory,
): Promise<ModelOutcome> {
  try {
    const known: KnownModelFile | undefined =
      identity && modelFile ? { ...modelFile, sha256: identity.modelSha256 } : undefined;
    const spec = await resolveModel(asked ?? (await movedOr(modelFile, identity)), known ? { known } : {});
    return { ok: true, spec };
  } catch (error) {
    if (error instanceof EmbedSearchError) return { ok: false, error };
    throw error;
  }
}

/** The remembered file, or undefined (the shipped model) where it is gone and the shipped one is the same model. */
async function movedOr(
  modelFile: ModelFileNote | null,
  identity: IndexIdentity | null,
): Promise<string | undefined> {
  if (!modelFile || existsSync(modelFile.path)) return modelFile?.path;
  const shipped = await resolveModel(undefined);
  return shipped.sha256 === identity?.modelSha256 ? undefined : modelFile.path;
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
  };
}

export function modelFileNote(spec: ModelSpec, runtime: string | undefined): ModelFileNote {
  const { path, bytes, mtimeMs } = spec;
  return { path, bytes, mtimeMs, ...(runtime === undefined ? {} : { runtime }) };
}
