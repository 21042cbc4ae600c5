import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa, type Options } from 'execa';
import { onTestFinished } from 'vitest';

export const projectRoot = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
export const cliFile = path.join(projectRoot, 'bin/run.js');

/** The user's own environment must not decide a test. */
export function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('EMBED_SEARCH_'),
  );
  return { ...Object.fromEntries(entries), XDG_CONFIG_HOME: path.join(os.tmpdir(), 'no-configuration') };
}

/** Starts the program as a user does. Never rejects: tests look at `exitCode`, `stdout` and `stderr`. */
export function start(args: readonly string[], options?: Options) {
  return execa(process.execPath, [cliFile, ...args], {
    reject: false,
    extendEnv: false,
    env: cleanEnvironment(),
    ...options,
  });
}

export interface Ran {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(args: readonly string[], options: Options = {}): Promise<Ran> {
  const { exitCode, stdout, stderr } = await start(args, { ...options, encoding: 'utf8', lines: false });
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}

// oxlint-disable-next-line typescript/no-explicit-any -- each test names the fields that it expects
export type Document = any;

/** The one JSON document that a command prints with --json. */
export async function runJson(
  args: readonly string[],
  options: Options = {},
): Promise<Ran & { document: Document }> {
  const ran = await run([...args, '--json'], options);
  return { ...ran, document: JSON.parse(ran.stdout) };
}

/** A folder of real files that goes when the test ends. */
export function makeFolder(files: Record<string, string | Buffer> = {}): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'embed-search-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  addFiles(folder, files);
  return folder;
}

export function addFiles(folder: string, files: Record<string, string | Buffer>): void {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** A small project with something to find by words and something to find only by meaning. */
export const SMALL_PROJECT: Record<string, string> = {
  'src/upload.ts': `import { sleep } from './sleep.js';

/** Sends a file again after a failure, waiting longer each time. */
export async function retryUpload(file: File, attempts = 5): Promise<void> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await send(file);
    } catch {
      await sleep(2 ** attempt * 100);
    }
  }
  throw new Error('gave up');
}
`,
  'src/sleep.ts': `export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
`,
  'src/parse_config.py': `import json


def parse_config(path):
    """Read the settings of the program from a JSON file."""
    with open(path) as handle:
        return json.load(handle)
`,
  'docs/guide.md': `# Guide

## Cats

A cat is a small animal that purrs when it is stroked and hunts mice at night.

## Payments

An invoice is due within thirty days; after that a reminder is sent to the customer.
`,
};
