import { mergeConfigFiles, readConfigFiles } from '../config/config-files.js';
import type { IndexOptions } from '../indexing/types.js';

/** What the configuration files of a folder say of its index. */
export interface ConfiguredIndexing {
  /** Of an index that has no model yet. */
  readonly defaultModel: IndexOptions['defaultModel'];
  readonly walk: Pick<IndexOptions, 'include' | 'exclude' | 'maxFileSize'>;
}

/** Of each folder its own: a server may have several, and those of a client come late. Errors: CONFIG_INVALID. */
export function configuredIndexing(folder: string): ConfiguredIndexing {
  const settings = mergeConfigFiles(readConfigFiles(folder));
  const model = settings.get('model');
  return {
    defaultModel: model && { name: String(model.value), installedOnly: model.scope === 'project' },
    walk: {
      include: settings.get('include')?.value as readonly string[] | undefined,
      exclude: settings.get('exclude')?.value as readonly string[] | undefined,
      maxFileSize: settings.get('max-file-size')?.value as number | undefined,
    },
  };
}
