import { existsSync } from 'node:fs';
import type { EmbedderModel } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';
import { mayOpenRecorded, refusedRecorded } from '../models/recorded-file.js';
import { resolveModel } from '../models/resolve-model.js';
import type { ModelChoices, ModelSpec } from '../models/types.js';
import type { IndexIdentity, ModelFileNote } from '../store/types.js';
import { embedderModelOf } from './embedder-model.js';

/** What an index says of the model that made its vectors. */
export interface RecordedModel {
  readonly identity: IndexIdentity;
  readonly modelFile: ModelFileNote;
}

export interface AskedModel {
  readonly model?: string | undefined;
  readonly choices?: ModelChoices | undefined;
  /** Folders of the index: a model that lies in one may have come with a clone. */
  readonly folders: readonly string[];
}

/**
 * The model that made the vectors, where it is now: those of different models never meet. Errors: INDEX_OTHER_MODEL,
 * INDEX_OTHER_SETTINGS, MODEL_*.
 */
export async function modelOfIndex(
  { identity, modelFile }: RecordedModel,
  { model, choices = {}, folders }: AskedModel,
): Promise<EmbedderModel> {
  refuseOtherChoices(choices, identity);
  const known = { ...modelFile, sha256: identity.modelSha256 };
  const recorded = embedderModelOf(identity, modelFile);
  if (model === undefined) {
    const mayOpen = mayOpenRecorded(modelFile.path, [...folders]);
    if (mayOpen && existsSync(modelFile.path)) return recorded;
    // The shipped one moves with the program.
    const shipped = await resolveModel(undefined);
    if (shipped.sha256 === identity.modelSha256) return { ...recorded, ...fileOf(shipped) };
    if (!mayOpen) throw refusedRecorded(modelFile.path);
    return recorded;
  }
  const asked = await resolveModel(model, { known, choices: { pooling: recorded.pooling } });
  if (asked.sha256 === identity.modelSha256) return { ...recorded, ...fileOf(asked) };
  throw new EmbedSearchError(
    'INDEX_OTHER_MODEL',
    `The index was made by ${identity.modelId} (${identity.modelSha256.slice(0, 8)}), ` +
      `not by ${asked.id} (${asked.sha256.slice(0, 8)}).`,
    { fix: `Leave --model out, or make the index anew: embed-search index --rebuild --model ${model}` },
  );
}

/** The same model may lie elsewhere than where the index was made; what is done with it is what the index says. */
function fileOf({ path, bytes, mtimeMs, weightTypes, isCausal }: ModelSpec): Partial<EmbedderModel> {
  return { path, bytes, mtimeMs, weightTypes, isCausal };
}

/** Queries and documents have to be treated as one model's. */
function refuseOtherChoices(choices: ModelChoices, identity: IndexIdentity): void {
  const names = ['pooling', 'queryPrefix', 'documentPrefix', 'dimensions'] as const;
  const other = names.filter((name) => choices[name] !== undefined && choices[name] !== identity[name]);
  if (other.length === 0) return;
  const list = other.map((name) => `${name} ${JSON.stringify(identity[name])}`).join(', ');
  throw new EmbedSearchError(
    'INDEX_OTHER_SETTINGS',
    `The index was made with other settings of its model: ${list}.`,
    {
      fix: 'Leave the flags out: the index remembers them. Or make it anew with them: embed-search index --rebuild',
    },
  );
}
