import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { outlineModel } from '../models/model-spec.js';
import { PROFILES } from '../models/profiles.js';
import { installedNames, modelsFolder, shippedModelPath } from '../models/resolve-model.js';

/** A model file that is there. One that cannot be used says why. */
export interface InstalledModel {
  /** What `--model` takes. */
  readonly name: string;
  readonly path: string;
  readonly isShipped: boolean;
  readonly bytes?: number;
  readonly dimensions?: number;
  readonly profile?: string | null;
  readonly problem?: string;
}

/** A model that is known by its card, and that `model pull` may fetch. */
export interface KnownModel {
  readonly name: string;
  readonly dimensions: number;
  readonly tokenLimit: number;
  /** millions */
  readonly parameters: number;
  readonly licence: string;
  readonly card: string;
  readonly canBePulled: boolean;
}

export interface ModelList {
  readonly folder: string;
  readonly installed: readonly InstalledModel[];
  readonly known: readonly KnownModel[];
}

/** The models of this machine, the shipped one first, and those that are known by their cards. Reads headers only. */
export async function listModels(): Promise<ModelList> {
  const folder = modelsFolder();
  const shipped = shippedModelPath();
  const installed = [await inspect(path.parse(shipped).name, shipped, true)];
  for (const name of installedNames(folder)) {
    installed.push(await inspect(name, path.join(folder, `${name}.gguf`), false));
  }
  const known = PROFILES.map(({ name, dimensions, tokenLimit, parameters, licence, card, download }) => {
    return { name, dimensions, tokenLimit, parameters, licence, card, canBePulled: download !== undefined };
  });
  return { folder, installed, known };
}

async function inspect(name: string, file: string, isShipped: boolean): Promise<InstalledModel> {
  try {
    const { bytes, dimensions, profile } = await outlineModel(file);
    return { name, path: file, isShipped, bytes, dimensions, profile };
  } catch (error) {
    if (!(error instanceof EmbedSearchError)) throw error;
    return { name, path: file, isShipped, problem: error.message };
  }
}
