import type { Input, ParserOutput } from '@oclif/core/interfaces';
import { mergeConfigFiles, readConfigFiles } from '../config/config-files.js';

type Values = Record<string, unknown>;

/**
 * A command's flags with what the configuration files say as their defaults, so that a flag and its environment
 * variable go over them; undefined where no file says anything. The model is apart: an index keeps the one that it was
 * made with, and only a new one takes what is configured. Errors: CONFIG_INVALID.
 */
export function configuredFlags<F extends Values, B extends Values, A extends Values>(
  options: Input<F, B, A>,
  { args, flags }: ParserOutput<F, B, A>,
) {
  const { path: pathOfArgs } = args as { path?: string };
  const { path: paths } = flags as { path?: string | readonly string[] };
  const pathOfFlags = typeof paths === 'object' ? paths[0] : paths; // serve-mcp takes several
  const merged = mergeConfigFiles(readConfigFiles(pathOfArgs ?? pathOfFlags ?? '.'));
  if (merged.size === 0) return undefined;
  const known: Record<string, object> = { ...options.baseFlags, ...options.flags };
  const changed = Object.entries(known).map(([name, flag]) => {
    const setting = name === 'model' ? undefined : merged.get(name as never);
    return [name, setting === undefined ? flag : { ...flag, default: setting.value }];
  });
  const model = merged.get('model');
  const { args: wanted, baseFlags, enableJsonFlag, strict } = options;
  return {
    input: {
      ...(wanted && { args: wanted }),
      ...(baseFlags && { baseFlags }),
      ...(enableJsonFlag === undefined ? {} : { enableJsonFlag }),
      ...(strict === undefined ? {} : { strict }),
    },
    flags: Object.fromEntries(changed) as NonNullable<Input<F, B, A>['flags']>,
    model: model && { name: String(model.value), installedOnly: model.scope === 'project' },
  };
}
