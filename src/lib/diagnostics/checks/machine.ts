import { existsSync, readFileSync } from 'node:fs';
import { access, constants, statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { readConfigFiles } from '../../config/config-files.js';
import { ownVariables, unknownVariables } from '../../config/unknown-variables.js';
import { freeMemory } from '../../memory.js';
import type { CheckDefinition, Finding } from '../check.js';
import { megabytes } from '../figures.js';

/** As in package.json: below it, modules that the program needs do not load. */
const LEAST_NODE = [20, 19] as const;
const MEGABYTE = 1024 * 1024;
/** The shipped model in lean mode with its host, several times over. */
const LITTLE_MEMORY = 256 * MEGABYTE;
const LITTLE_DISK = 200 * MEGABYTE;
const NO_DISK = 10 * MEGABYTE;
/** Each folder that is watched takes one of the system's watches. */
const FEW_WATCHES = 16_384;

export const nodeCheck: CheckDefinition = {
  id: 'node',
  title: 'Node.js',
  area: 'machine',
  run: () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
    const cores = os.availableParallelism();
    const facts = { node: process.versions.node, platform: process.platform, arch: process.arch, cores };
    const detail = `${process.version} on ${process.platform} ${process.arch}, ${cores} cores`;
    return isEnough
      ? { status: 'pass', detail, facts }
      : { status: 'fail', detail, facts, fix: `Install Node.js ${LEAST_NODE.join('.')} or newer.` };
  },
};

export const freeMemoryCheck: CheckDefinition = {
  id: 'free-memory',
  title: 'Free memory',
  area: 'machine',
  run: () => {
    const free = freeMemory();
    const facts = { freeMegabytes: megabytes(free), totalMegabytes: megabytes(os.totalmem()) };
    const detail = `${megabytes(free)} MB of ${megabytes(os.totalmem())} MB`;
    return free >= LITTLE_MEMORY
      ? { status: 'pass', detail, facts }
      : { status: 'warn', detail, facts, fix: 'Close other programs, or use --memory lean.' };
  },
};

export const freeDiskCheck: CheckDefinition = {
  id: 'free-disk',
  title: 'Free disk',
  area: 'machine',
  run: async (subject) => {
    const folder = nearestExisting(subject.indexDir ?? subject.options.folder);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const writable = await access(folder, constants.W_OK).then(
      () => true,
      () => false,
    );
    const facts = { freeMegabytes: megabytes(free), writable };
    const detail = `${megabytes(free)} MB where the index is${writable ? '' : ', which cannot be written to'}`;
    if (!writable)
      return { status: 'warn', detail, facts, fix: 'Give yourself permission, or use --index-dir DIR.' };
    if (free < NO_DISK) return { status: 'fail', detail, facts, fix: 'Make room on the disk.' };
    return free < LITTLE_DISK
      ? { status: 'warn', detail, facts, fix: 'Make room before the next index run.' }
      : { status: 'pass', detail, facts };
  },
};

export const watchesCheck: CheckDefinition = {
  id: 'inotify',
  title: 'Limit of watched folders',
  area: 'machine',
  run: () => {
    if (process.platform !== 'linux') return { status: 'skip', detail: 'only Linux has one' };
    const watches = Number(readOrEmpty('/proc/sys/fs/inotify/max_user_watches'));
    const instances = Number(readOrEmpty('/proc/sys/fs/inotify/max_user_instances'));
    const facts = { watches, instances };
    const detail = `${watches} folders, ${instances} programs`;
    return watches >= FEW_WATCHES
      ? { status: 'pass', detail, facts }
      : {
          status: 'warn',
          detail,
          facts,
          fix: 'For index --watch on large trees: sudo sysctl fs.inotify.max_user_watches=524288',
        };
  },
};

export const environmentCheck: CheckDefinition = {
  id: 'environment',
  title: 'Environment variables',
  area: 'machine',
  run: ({ options: { knownVariables } }) => {
    const set = ownVariables();
    const unknown = unknownVariables(knownVariables);
    const facts = { set: set.length, unknown: unknown.length };
    if (unknown.length > 0) {
      const guesses = unknown.map(({ name, meant }) => (meant === undefined ? name : `${name} (${meant}?)`));
      return {
        status: 'warn',
        detail: `not known: ${guesses.join(', ')}`,
        facts,
        fix: 'Correct the name, or unset it: embed-search does not read it.',
      };
    }
    return { status: 'pass', detail: set.length === 0 ? 'none set' : `set: ${set.join(', ')}`, facts };
  },
};

export const configCheck: CheckDefinition = {
  id: 'config',
  title: 'Configuration files',
  area: 'machine',
  run: ({ options: { folder } }) => {
    const files = readConfigFiles(folder);
    const facts = { files: files.length };
    if (files.length === 0) return { status: 'pass', detail: 'none', facts };
    const shown = files.map(({ path: file, settings }) => `${file} (${Object.keys(settings).join(', ')})`);
    return { status: 'pass', detail: shown.join('; '), facts };
  },
};

export const terminalCheck: CheckDefinition = {
  id: 'terminal',
  title: 'Terminal',
  area: 'machine',
  run: ({ options: { terminal } }): Finding => {
    const { isTerminal, columns, colours } = terminal;
    const facts = { isTerminal, columns, colours };
    if (!isTerminal)
      return { status: 'pass', detail: 'output goes to a pipe or file: no bar, no colours', facts };
    const shape = `${columns} columns, ${colours ? 'colours' : 'no colours'}`;
    return { status: 'pass', detail: shape, facts };
  },
};

function nearestExisting(folder: string): string {
  let at = folder;
  while (!existsSync(at) && path.dirname(at) !== at) at = path.dirname(at);
  return at;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
