import { existsSync, readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbedSearchError } from '../errors.js';
import { describeModel } from './model-spec.js';
import type { KnownModelFile, ModelSpec } from './types.js';

const SHIPPED_FILE = 'all-MiniLM-L6-v2.Q8_0.gguf';
const SHIPPED_NAMES: readonly string[] = ['all-MiniLM-L6-v2.Q8_0', 'all-MiniLM-L6-v2'];

/** The model that ships in this package, also where the package is installed elsewhere. */
export function shippedModelPath(): string {
  return fileURLToPath(import.meta.resolve(`#models/${SHIPPED_FILE}`));
}

/** Where a user keeps models: EMBED_SEARCH_MODELS, else `embed-search/models` in the user's data folder. */
export function modelsFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment['EMBED_SEARCH_MODELS']) return path.resolve(environment['EMBED_SEARCH_MODELS']);
  return path.join(dataFolder(environment), 'embed-search', 'models');
}

function dataFolder(environment: NodeJS.ProcessEnv): string {
  const xdg = environment['XDG_DATA_HOME'];
  if (xdg && path.isAbsolute(xdg)) return xdg; // the XDG specification: a relative one is ignored
  const local = environment['LOCALAPPDATA'];
  if (process.platform === 'win32' && local) return local;
  return path.join(os.homedir(), '.local', 'share');
}

/**
 * The model that a user means: nothing is the shipped one, an existing file is that file, a bare name is the
 * shipped model's or `NAME` or `NAME.gguf` in the models folder. Errors: MODEL_MISSING naming what there is, and
 * those of `describeModel`.
 */
export async function resolveModel(
  nameOrFile: string | undefined,
  options: { readonly known?: KnownModelFile } = {},
): Promise<ModelSpec> {
  return describeModel(findModelFile(nameOrFile), options.known);
}

function findModelFile(nameOrFile: string | undefined): string {
  if (nameOrFile === undefined) return shippedModelPath();
  const isName = path.basename(nameOrFile) === nameOrFile && nameOrFile !== '';
  // A folder that happens to have a model's name does not hide the model.
  if (existsSync(nameOrFile) && !(isName && statSync(nameOrFile).isDirectory())) return nameOrFile;
  if (isName) {
    if (SHIPPED_NAMES.includes(nameOrFile)) return shippedModelPath();
    const folder = modelsFolder();
    const found = [nameOrFile, `${nameOrFile}.gguf`]
      .map((name) => path.join(folder, name))
      .find((file) => existsSync(file));
    if (found !== undefined) return found;
  }
  throw new EmbedSearchError(
    'MODEL_MISSING',
    `There is no model ${JSON.stringify(nameOrFile)}: ${whatThereIs(isName)}.`,
  );
}

function whatThereIs(isName: boolean): string {
  if (!isName) return 'no such file';
  const folder = modelsFolder();
  const names = ggufNames(folder);
  const shown = [SHIPPED_NAMES[0], ...names.slice(0, 10)].join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `there are ${shown}${more} (${folder} holds ${names.length})`;
}

function ggufNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.gguf'))
      .map((name) => path.parse(name).name)
      .toSorted();
  } catch {
    return []; // no folder, no models
  }
}
