import { existsSync, readdirSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { EmbedSearchError } from '../errors.js';
import { describeModel } from './model-spec.js';
import { profileByName } from './profiles.js';
import type { KnownModelFile, ModelChoices, ModelSpec } from './types.js';

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

export interface ResolveOptions {
  readonly known?: KnownModelFile;
  readonly choices?: ModelChoices;
  /** A name that somebody else chose: never a file, only what the user has installed. */
  readonly installedOnly?: boolean;
}

/**
 * The model that a user means: nothing is the shipped one, an existing file is that file, a bare name is the
 * shipped model's or `NAME` or `NAME.gguf` in the models folder. Errors: MODEL_MISSING naming what there is, and
 * those of `describeModel`.
 */
export async function resolveModel(
  nameOrFile: string | undefined,
  options: ResolveOptions = {},
): Promise<ModelSpec> {
  const file = options.installedOnly ? findInstalled(nameOrFile) : findModelFile(nameOrFile);
  return describeModel(file, options.known, options.choices);
}

/** The file that a user means. Errors: MODEL_MISSING naming what there is. */
export function findModelFile(nameOrFile: string | undefined): string {
  if (nameOrFile === undefined) return shippedModelPath();
  const isName = path.basename(nameOrFile) === nameOrFile && nameOrFile !== '';
  // A folder that happens to have a model's name does not hide the model.
  if (existsSync(nameOrFile) && !(isName && statSync(nameOrFile).isDirectory())) return nameOrFile;
  if (isName) {
    const installed = installedModel(nameOrFile);
    if (installed !== undefined) return installed;
  }
  throw new EmbedSearchError(
    'MODEL_MISSING',
    `There is no model ${JSON.stringify(nameOrFile)}: ${whatThereIs(isName)}.`,
  );
}

function findInstalled(name: string | undefined): string {
  const file = name === undefined ? shippedModelPath() : installedModel(name);
  if (file !== undefined) return file;
  throw new EmbedSearchError(
    'MODEL_MISSING',
    `There is no model ${JSON.stringify(name)}: ${whatThereIs(true)}.`,
    {
      fix: `Get it: embed-search model pull ${name}; or name another one with --model.`,
    },
  );
}

/** The shipped model, or the one of that name in the models folder; never a file of the current folder. */
export function installedModel(name: string): string | undefined {
  if (SHIPPED_NAMES.includes(name)) return shippedModelPath();
  if (path.basename(name) !== name || name === '') return undefined;
  const folder = modelsFolder();
  const pulled = profileByName(name)?.download?.file;
  return [name, `${name}.gguf`, ...(pulled === undefined ? [] : [pulled])]
    .map((each) => path.join(folder, each))
    .find((file) => existsSync(file));
}

function whatThereIs(isName: boolean): string {
  if (!isName) return 'no such file';
  const folder = modelsFolder();
  const names = installedNames(folder);
  const shown = [SHIPPED_NAMES[0], ...names.slice(0, 10)].join(', ');
  const more = names.length > 10 ? ` and ${names.length - 10} more` : '';
  return `there are ${shown}${more} (${folder} holds ${names.length})`;
}

/** The names of the GGUF files of a folder, sorted; none where there is no folder. */
export function installedNames(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.gguf'))
      .map((name) => path.parse(name).name)
      .toSorted();
  } catch {
    return []; // no folder, no models
  }
}
