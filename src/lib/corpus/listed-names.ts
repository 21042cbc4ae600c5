import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { sortPaths } from './path-order.js';

/** The names in a folder in the order of the walk; those of folders end with `/`. */
export async function listedNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return sortPaths(entries.map(nameOf));
}

/** A listed name without the `/` of a folder. */
export function bareName(listed: string): string {
  return listed.endsWith('/') ? listed.slice(0, -1) : listed;
}

function nameOf(entry: Dirent): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}
