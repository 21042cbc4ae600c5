import path from 'node:path';
import { PROJECT_FILES, projectConfigFile, userConfigFile } from '../config/config-files.js';
import type { SettingsScope } from '../config/settings.js';
import { writeSetting } from '../config/write-setting.js';
import { EmbedSearchError } from '../errors.js';
import { outlineModel } from '../models/model-spec.js';
import { findModelFile, installedModel } from '../models/resolve-model.js';

export interface ModelSetting {
  readonly model: string;
  readonly file: string;
  readonly scope: SettingsScope;
}

/**
 * Makes a model the one that new indexes take: in the user's configuration file, or in that of the project that
 * `folder` belongs to. Errors: MODEL_* where it cannot be used, CONFIG_INVALID, and those of the machine.
 */
export async function useModel(name: string, scope: SettingsScope, folder = '.'): Promise<ModelSetting> {
  const found = findModelFile(name);
  const isInstalled = installedModel(name) !== undefined;
  if (scope === 'project' && !isInstalled) {
    throw new EmbedSearchError('MODEL_MISSING', `${name} is no model of the models folder.`, {
      fix: 'A project names its model by name, so that it works elsewhere: put the file into the models folder (embed-search model list shows it).',
    });
  }
  await outlineModel(found);
  const model = isInstalled ? name : path.resolve(found);
  const file =
    scope === 'user'
      ? userConfigFile()
      : (projectConfigFile(folder) ?? path.resolve(folder, PROJECT_FILES[0]));
  writeSetting(file, scope, 'model', model);
  return { model, file, scope };
}
