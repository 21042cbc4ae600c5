import { readFileSync, statSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import path from 'node:path';
import { EmbedSearchError } from './errors.js';

/** The folder, below the indexed one, that holds an index unless --index-dir says otherwise. */
export const INDEX_FOLDER = '.embed-search';

/** Tokens of the shipped model that the embedded text of a chunk may have; measured best on prose, see docs/decisions. */
export const CHUNK_TOKENS = 120;
export const CHUNK_OVERLAP_TOKENS = 16;

export type MemoryMode = 'auto' | 'fast' | 'lean';

export interface LanesAndLeanness {
  readonly lanes: number;
  readonly lean: boolean;
}

/** Free memory, bytes, below which `--memory auto` takes `lean`: what two lanes of a small model need, several times over. */
const SHORT_OF_MEMORY = 512 * 1024 * 1024;

/**
 * How many lanes an embedder gets and whether it avoids backends that copy weights.
 * `index` wants throughput (a lane for each core), `query` a small process (one lane, lean).
 */
export function lanesAndLeanness(
  job: 'index' | 'query',
  mode: MemoryMode,
  lanes: number | undefined,
): LanesAndLeanness {
  const cores = availableParallelism();
  const lean = mode === 'lean' || (mode === 'auto' && (job === 'query' || freeMemory() < SHORT_OF_MEMORY));
  return { lanes: lanes ?? (lean || job === 'query' ? 1 : Math.min(cores, 16)), lean };
}

/** Bytes that can still be taken without swapping: the system's estimate, or less where a cgroup says less. */
function freeMemory(): number {
  let free = freemem();
  if (process.platform !== 'linux') return free;
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(readOrEmpty('/proc/meminfo'));
  if (available) free = Number(available[1]) * 1024;
  const limit = Number.parseInt(readOrEmpty('/sys/fs/cgroup/memory.max'), 10);
  const used = Number.parseInt(readOrEmpty('/sys/fs/cgroup/memory.current'), 10);
  return Number.isFinite(limit) && Number.isFinite(used) ? Math.min(free, Math.max(0, limit - used)) : free;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** The folder to work on as an absolute path. Throws PATH_NOT_FOUND and PATH_NOT_A_FOLDER. */
export function existingFolder(folder: string): string {
  const absolute = path.resolve(folder);
  const stat = statSync(absolute, { throwIfNoEntry: false });
  if (!stat) throw new EmbedSearchError('PATH_NOT_FOUND', `There is no folder ${absolute}.`);
  if (!stat.isDirectory()) {
    throw new EmbedSearchError('PATH_NOT_A_FOLDER', `${absolute} is a file, not a folder.`, {
      fix: `Name the folder that holds it: ${path.dirname(absolute)}`,
    });
  }
  return absolute;
}

/** Where the index of a folder is. */
export function indexFolderOf(root: string, indexDir: string | undefined): string {
  return indexDir === undefined ? path.join(root, INDEX_FOLDER) : path.resolve(indexDir);
}
