import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { parseSettings, type SettingName, type Settings, type SettingsScope } from './settings.js';

/** What a project's file may be called; the first one that is there counts. */
export const PROJECT_FILES = ['embed-search.config.json', '.embed-searchrc.json'] as const;

const MOST_BYTES = 64 * 1024;

export interface ConfigFile {
  readonly path: string;
  readonly scope: SettingsScope;
  readonly settings: Settings;
}

/** A setting and the file that it is from. */
export interface ConfiguredSetting {
  readonly value: unknown;
  readonly file: string;
  readonly scope: SettingsScope;
}

/**
 * The configuration files that hold for a folder: the project's, then the user's. Errors: CONFIG_INVALID.
 * Of a file that is not there nothing is said.
 */
export function readConfigFiles(folder: string, environment: NodeJS.ProcessEnv = process.env): ConfigFile[] {
  const found = [
    { file: projectConfigFile(folder), scope: 'project' as const },
    { file: existing(userConfigFile(environment)), scope: 'user' as const },
  ];
  return found.flatMap(({ file, scope }) => {
    if (file === undefined) return [];
    return [{ path: file, scope, settings: parseSettings(readBounded(file), file, scope) }];
  });
}

/** What the files say together: the project's goes over the user's. */
export function mergeConfigFiles(files: readonly ConfigFile[]): Map<SettingName, ConfiguredSetting> {
  const merged = new Map<SettingName, ConfiguredSetting>();
  for (const { path: file, scope, settings } of files) {
    for (const [name, value] of Object.entries(settings) as [SettingName, unknown][]) {
      if (!merged.has(name)) merged.set(name, { value, file, scope });
    }
  }
  return merged;
}

/** Where the user's own file is, whether it exists or not. Source: the XDG Base Directory specification. */
export function userConfigFile(environment: NodeJS.ProcessEnv = process.env): string {
  const xdg = environment['XDG_CONFIG_HOME'];
  const roaming = environment['APPDATA'];
  const folder =
    xdg && path.isAbsolute(xdg)
      ? xdg
      : process.platform === 'win32' && roaming
        ? roaming
        : path.join(os.homedir(), '.config');
  return path.join(folder, 'embed-search', 'config.json');
}

/**
 * The file of the project that a folder belongs to: looked for upwards, in a git repository up to its root, below the
 * home folder up to that, and elsewhere in the folder alone, since what lies above may be anybody's.
 */
export function projectConfigFile(folder: string): string | undefined {
  const start = path.resolve(folder);
  for (const each of foldersUpwards(start)) {
    for (const name of PROJECT_FILES) {
      const file = existing(path.join(each, name));
      if (file !== undefined) return file;
    }
  }
  return undefined;
}

function foldersUpwards(start: string): string[] {
  const all: string[] = [];
  for (let each = start; ; each = path.dirname(each)) {
    all.push(each);
    if (existsSync(path.join(each, '.git')) || each === os.homedir()) return all;
    if (path.dirname(each) === each) return [start];
  }
}

function existing(file: string): string | undefined {
  return existsSync(file) ? file : undefined;
}

/** Without O_NONBLOCK a FIFO would hold us until someone writes to it. */
function readBounded(file: string): string {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(descriptor);
    if (!stat.isFile() || stat.size > MOST_BYTES) throw new Error('it is no small file');
    const buffer = Buffer.alloc(stat.size);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
  } catch (cause) {
    throw new EmbedSearchError('CONFIG_INVALID', `${file} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
