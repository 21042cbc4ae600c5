import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { embeddingText } from '#dist/lib/corpus/embedding-text.js';
import { indexFolder } from '#dist/lib/indexing/index-folder.js';
import type { IndexOptions, IndexOutcome } from '#dist/lib/indexing/types.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { Sqlite } from '#dist/lib/store/sqlite.js';
import { standIn } from '../embedder/models.js';
import { denseVectorOf } from '../fixtures/children/deterministic-vectors.js';
import { checkWhole } from './contents.js';

const INDEX_RUN = fileURLToPath(new URL('../fixtures/children/index-run.js', import.meta.url));
const DIMENSIONS = 384;

/** What has index runs, in this process and in others, use the deterministic embedder. */
export function useDeterministicEmbedder(): void {
  process.env['EMBED_SEARCH_TEST_EMBEDDER'] = JSON.stringify({ childProgram: standIn('deterministic') });
}

export interface Fault {
  readonly point: string;
  readonly pass: number;
  /** A system error to be met there; without it the process is killed. */
  readonly error?: string;
}

export interface RunRequest {
  readonly build: 'dist' | 'dist-faults';
  readonly options: Pick<IndexOptions, 'root' | 'indexDir' | 'rebuild'>;
  readonly fault?: Fault;
  /** File descriptors that it may open beyond those that it has when it begins. */
  readonly descriptors?: number;
}

export interface RunReport {
  readonly chunks?: IndexOutcome['result']['chunks'];
  readonly files?: IndexOutcome['result']['files'];
  readonly warnings?: readonly string[];
  readonly error: {
    readonly code: string;
    readonly exitCode: number;
    readonly message: string;
    readonly fix?: string;
  } | null;
  readonly passes: Readonly<Record<string, number>>;
}

export interface EndedRun {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly report: RunReport | undefined;
  readonly stderr: string;
  readonly milliseconds: number;
}

export interface RunLimits {
  /** Killed when this resolves, if it still runs. */
  readonly kill?: (() => Promise<unknown>) | undefined;
  readonly environment?: Readonly<Record<string, string>>;
  /** What the program is started by: a shell that sets limits. */
  readonly by?: readonly string[];
}

/** An index run as a process of its own. */
export async function runIndex(request: RunRequest, limits: RunLimits = {}): Promise<EndedRun> {
  const started = performance.now();
  const [program, ...rest] = [...(limits.by ?? []), process.execPath, INDEX_RUN, JSON.stringify(request)];
  const child = spawn(program, rest, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...limits.environment },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
  void limits.kill?.().then(() => child.kill('SIGKILL'));
  // A killed run's embedder holds on to the pipes a little longer: only what ended well is waited for to the last word.
  const closed = new Promise((resolve) => child.once('close', resolve));
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once('exit', (exitCode, exitSignal) => resolve([exitCode, exitSignal])),
  );
  if (signal === null) await closed;
  const report = output.stdout.endsWith('}') ? (JSON.parse(output.stdout) as RunReport) : undefined;
  return { code, signal, report, stderr: output.stderr, milliseconds: performance.now() - started };
}

/** The same with the build that ships, in this process; throws where it did not come to its end. */
export async function completeIndex(options: IndexOptions): Promise<IndexOutcome> {
  const outcome = await indexFolder(options);
  if (outcome.error !== null && outcome.error.code !== 'DONE_IN_PART') throw outcome.error;
  return outcome;
}

const folders: string[] = [];

export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'embed-search-proof-'));
  folders.push(folder);
  return folder;
}

export function removeScratchFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
}

export function expectedVector(chunk: { path: string; language: string; text: string }): Float32Array {
  return denseVectorOf(embeddingText(chunk), DIMENSIONS);
}

/** How many chunks have vectors, after a check that the index is of one piece; undefined where there is none yet. */
export async function wholeIndex(
  indexDir: string,
): Promise<{ withVectors: number; chunks: number; generation: number } | undefined> {
  const reader = await openLocalStore(indexDir)
    .openReader()
    .catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'INDEX_MISSING') return undefined;
      throw error;
    });
  if (reader === undefined) return undefined;
  try {
    await checkWhole(reader, expectedVector);
    return { ...reader.counts(), generation: reader.generation };
  } finally {
    reader.close();
  }
}

/** Throws where the index is not of one piece. */
export async function expectSound(indexDir: string): Promise<void> {
  if ((await wholeIndex(indexDir)) === undefined) throw new Error('there is no index');
}

/** What should not be there after a run that came to its end: temporary files, and shards that nothing names. */
export function leftovers(indexDir: string): string[] {
  const database = new Sqlite(path.join(indexDir, 'index.db'), { busyMilliseconds: 5000 });
  const named = new Set(database.all('select folder from shards').map(([folder]) => String(folder)));
  database.close();
  const files = readdirSync(indexDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /tmp|journal|pid/u.test(name),
  );
  return [...files, ...readdirSync(path.join(indexDir, 'vectors')).filter((folder) => !named.has(folder))];
}

/** Does the work for each of `items`, two at a time. */
export async function inTwos<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!);
  };
  await Promise.all([worker(), worker()]);
}
