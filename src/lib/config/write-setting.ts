import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { asUserError } from '../errors.js';
import { parseSettings, type SettingName, type SettingsScope } from './settings.js';

/**
 * Sets one setting in a configuration file and leaves the others as they are; the file is replaced at once or not at
 * all. Errors: CONFIG_INVALID where it is broken already, or the value does not go there; those of the machine.
 */
export function writeSetting(file: string, scope: SettingsScope, name: SettingName, value: unknown): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const before = existsSync(file) ? readFileSync(file, 'utf8') : '{}';
    parseSettings(before, file, scope);
    const text = `${JSON.stringify({ ...(JSON.parse(before) as object), [name]: value }, null, 2)}\n`;
    parseSettings(text, file, scope);
    mkdirSync(path.dirname(file), { recursive: true });
    const descriptor = openSync(temporary, 'w');
    try {
      writeSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw asUserError(error, `${file} cannot be written`);
  }
}
