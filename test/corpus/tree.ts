import { mkdtempSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import type { FoundFile, WalkEntry, WalkOptions } from '#dist/lib/corpus/types.js';
import { walk } from '#dist/lib/corpus/walk.js';

const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A temporary folder with these files in it (a path that ends with `/` is an empty folder); removed after the test. */
export function makeTree(content: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'embed-search-corpus-')));
  made.push(root);
  addFiles(root, content);
  return root;
}

export function addFiles(root: string, content: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, bytes] of Object.entries(content)) {
    if (path.endsWith('/')) {
      mkdirSync(join(root, path), { recursive: true });
      continue;
    }
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  }
}

export async function entries(root: string, options: Partial<WalkOptions> = {}): Promise<WalkEntry[]> {
  const all: WalkEntry[] = [];
  for await (const entry of walk({ root, ...options })) all.push(entry);
  return all;
}

export async function files(root: string, options: Partial<WalkOptions> = {}): Promise<FoundFile[]> {
  return (await entries(root, options)).filter((entry) => entry.kind === 'file');
}

export async function paths(root: string, options: Partial<WalkOptions> = {}): Promise<string[]> {
  return (await files(root, options)).map(({ path }) => path);
}

/** Path -> reason of what was left out. */
export async function leftOut(
  root: string,
  options: Partial<WalkOptions> = {},
): Promise<Record<string, string>> {
  const skipped = (await entries(root, options)).filter((entry) => entry.kind === 'skipped');
  return Object.fromEntries(skipped.map(({ path, reason }) => [path, reason]));
}

/** The file of that path as the walk gives it. */
export async function found(
  root: string,
  path: string,
  options: Partial<WalkOptions> = {},
): Promise<FoundFile> {
  const file = (await files(root, options)).find((each) => each.path === path);
  if (file === undefined) throw new Error(`the walk does not find ${path}`);
  return file;
}

/** The same numbers for the same seed, in 0..1 (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
