import { parseBytes } from './byte-size.js';
import { EmbedSearchError } from '../errors.js';
import { nearest } from './nearest.js';

/** What a configuration file may say; the keys are the names of the flags. */
export type SettingName = keyof typeof SETTINGS;
export type Settings = Partial<Record<SettingName, unknown>>;

/** Who wrote a file: the user, or whoever wrote the project, which may have come from anywhere. */
export type SettingsScope = 'user' | 'project';

interface Setting {
  /** What a value has to be, for people. */
  readonly takes: string;
  readonly accepts: (value: unknown) => boolean;
  /** The value as the flag gives it, where a file may say it in another way. */
  readonly read?: (value: unknown) => unknown;
}

const oneOf = (...values: string[]): Setting => ({
  takes: `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`,
  accepts: (value) => values.includes(value as string),
});
const wholeNumber = (least: number, most: number): Setting => ({
  takes: `a whole number from ${least} to ${most}`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});
const globs: Setting = {
  takes: 'a list of globs',
  accepts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== ''),
};
const wholeBytes = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const bytes: Setting = {
  takes: 'a number of bytes, like 500000, "512K" or "2MB"',
  accepts: (value) =>
    typeof value === 'string' ? parseBytes(value) !== undefined : wholeBytes.accepts(value),
  read: (value) => (typeof value === 'string' ? parseBytes(value) : value),
};

const SETTINGS = {
  model: {
    takes: 'the name of a model, or a GGUF file',
    accepts: (value) => typeof value === 'string' && value !== '',
  },
  runtime: oneOf('auto', 'direct', 'compat'),
  lanes: wholeNumber(1, 64),
  memory: oneOf('auto', 'fast', 'lean'),
  device: oneOf('auto', 'cpu', 'gpu'),
  'max-embedder-memory': bytes,
  include: globs,
  exclude: globs,
  'max-file-size': bytes,
  limit: wholeNumber(1, 1000),
  mode: oneOf('hybrid', 'vector', 'lexical'),
  by: oneOf('chunk', 'file'),
  'min-score': {
    takes: 'a number from 0 to 1',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 1,
  },
  context: wholeNumber(0, 1000),
  'log-level': oneOf('error', 'warn', 'info', 'debug'),
} as const satisfies Record<string, Setting>;

const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The name of an installed model: nothing that could be a path. */
const MODEL_NAME = /^\w[\w.+-]*$/;

/**
 * The settings in a file's text. Errors: CONFIG_INVALID, which names the file, the key and what it may be.
 * A project's file may name a model that the user has, but no file: one that came with a cloned folder must not decide
 * what is read from the disk and given to native code.
 */
export function parseSettings(text: string, file: string, scope: SettingsScope): Settings {
  const wrong = (what: string, fix: string): EmbedSearchError =>
    new EmbedSearchError('CONFIG_INVALID', `${file}: ${what}`, { fix });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // What the parser says would repeat parts of the file, which may be a link to anything.
    throw wrong('it is no JSON.', 'Mend the file, or remove it.');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw wrong('it holds no object of settings.', 'For example: { "exclude": ["dist/**"] }');
  }
  const settings: Settings = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (key === '$schema') continue;
    if (!isSetting(key)) {
      const near = nearest(key, SETTING_NAMES);
      throw wrong(
        `there is no setting ${JSON.stringify(key.slice(0, 80))}.`,
        near === undefined
          ? `There are ${SETTING_NAMES.join(', ')}.`
          : `Did you mean ${JSON.stringify(near)}?`,
      );
    }
    const { takes, accepts, read }: Setting = SETTINGS[key];
    if (!accepts(value)) throw wrong(`${JSON.stringify(key)} takes ${takes}.`, `Mend it in ${file}.`);
    if (key === 'model' && scope === 'project' && !MODEL_NAME.test(value as string)) {
      throw wrong(
        'a project names its model by name, not by a file.',
        'Put the file into the models folder (embed-search model list shows it) and write its name.',
      );
    }
    settings[key] = read === undefined ? value : read(value);
  }
  return settings;
}

function isSetting(key: string): key is SettingName {
  return Object.hasOwn(SETTINGS, key);
}
