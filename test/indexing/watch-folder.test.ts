import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WatchKind } from '#dist/lib/indexing/folder-watch.js';
import { indexFolder } from '#dist/lib/indexing/index-folder.js';
import type { IndexResult } from '#dist/lib/indexing/types.js';
import { watchFolder, type WatchNotice } from '#dist/lib/indexing/watch-folder.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { addFiles, makeFolder, projectRoot } from '../e2e/cli.js';
import { contents } from '../e2e/contents.js';
import { childrenOf, eventually } from '../e2e/processes.js';
import { standIn } from '../embedder/models.js';
import { verifies } from '../house/promises.js';

const OVERRIDES = 'EMBED_SEARCH_TEST_EMBEDDER';

beforeEach(() => {
  process.env[OVERRIDES] = JSON.stringify({ childProgram: standIn('echo') });
});
afterEach(() => {
  delete process.env[OVERRIDES];
});

interface Watch {
  readonly runs: IndexResult[];
  readonly notices: WatchNotice[];
  ran(runs: number): Promise<void>;
  /** Waits for as many runs as that, and a while for one too many. */
  settled(runs: number): Promise<void>;
  end(): Promise<unknown>;
}

/** A watch that has made its first run. */
async function watched(folder: string, kind?: WatchKind, compareEverySeconds?: number): Promise<Watch> {
  const controller = new AbortController();
  const runs: IndexResult[] = [];
  const notices: WatchNotice[] = [];
  const ended = watchFolder({
    root: folder,
    lanes: 1,
    kind,
    compareEverySeconds,
    signal: controller.signal,
    onRun: ({ result }) => runs.push(result),
    onNotice: (notice) => notices.push(notice),
  }).catch((error: unknown) => error);
  await eventually(() => notices.some((notice) => notice.kind === 'watching'));
  const ran = (count: number) => eventually(() => runs.length >= count);
  const settled = async (count: number) => {
    await ran(count);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(runs).toHaveLength(count);
  };
  const end = () => {
    controller.abort(new Error('enough'));
    return ended;
  };
  return { runs, notices, ran, settled, end };
}

async function asIfIndexedAnew(folder: string): Promise<void> {
  const after = await contents(folder);
  rmSync(path.join(folder, '.embed-search'), { recursive: true });
  await indexFolder({ root: folder, lanes: 1 });
  expect(after).toEqual(await contents(folder));
}

describe.each(['each-folder', 'whole-tree'] as const)('a watch of %s', (kind) => {
  test('takes in edits, new folders, moved ones and changed rules, each burst as one run', async () => {
    verifies('watch-keeps-fresh');
    const folder = makeFolder({ 'a/one.txt': 'one\n', 'b/two.txt': 'two\n', 'c/kept.txt': 'kept\n' });
    const at = (name: string) => path.join(folder, name);
    const watch = await watched(folder, kind);
    expect(watch.runs[0]?.files).toMatchObject({ indexed: 3 });

    writeFileSync(at('a/one.txt'), 'uno\n');
    await watch.ran(2);
    expect(watch.runs[1]?.files).toMatchObject({ seen: 1, indexed: 1 });

    addFiles(folder, { 'new/deep/er.txt': 'three\n', 'new/four.txt': 'four\n' });
    await watch.ran(3);
    expect(watch.runs[2]?.files).toMatchObject({ indexed: 2 });
    addFiles(folder, { 'new/deep/five.txt': 'five\n' });
    await watch.ran(4);

    renameSync(at('new'), at('moved'));
    await watch.ran(5);
    expect(watch.runs[4]).toMatchObject({ files: { indexed: 3, removed: 3 }, chunks: { embedded: 0 } });
    writeFileSync(at('moved/deep/er.txt'), 'drei\n');
    await watch.ran(6);

    writeFileSync(at('.embed-searchignore'), 'b/\n');
    await watch.ran(7);
    expect(watch.runs[6]?.files).toMatchObject({ removed: 1 });
    rmSync(at('.embed-searchignore'));
    await watch.ran(8);
    writeFileSync(at('b/two.txt'), 'zwei\n');
    await watch.settled(9);
    expect(watch.runs[8]?.files).toMatchObject({ indexed: 1 });

    expect(await watch.end()).toMatchObject({ message: 'enough' });
    await asIfIndexedAnew(folder);
  });

  test('is not woken by what it leaves out, nor by its own index', async () => {
    const folder = makeFolder({
      'a.txt': 'a\n',
      '.gitignore': 'out/\n*.log\n',
      'out/x.txt': '',
      'node_modules/m/i.js': '',
    });
    const watch = await watched(folder, kind);
    addFiles(folder, { 'out/y.txt': 'y', 'out/deep/z.txt': 'z', 'node_modules/m/j.js': 'j', 'run.log': 'r' });
    writeFileSync(path.join(folder, 'a.txt'), 'a\n');
    await watch.settled(1);
    await watch.end();
  });
});

test('a branch switch is one run', async () => {
  verifies('watch-keeps-fresh');
  const names = Array.from({ length: 1_050 }, (_, n) => `src/${n % 50}/f${n}.txt`);
  const folder = makeFolder(Object.fromEntries(names.map((name) => [name, `kept ${name}\n`])));
  const watch = await watched(folder);
  for (const name of names) writeFileSync(path.join(folder, name), `kept ${name}\n`);
  for (const name of names.slice(0, 40)) writeFileSync(path.join(folder, name), `after ${name}\n`);
  await watch.settled(2);
  expect(watch.runs[1]?.files).toMatchObject({ seen: 1_050, indexed: 40, unchanged: 1_010 });
  await watch.end();
});

test.skipIf(process.platform !== 'linux')('what the system could not report any more is found', async () => {
  verifies('watch-survives-lost-reports');
  const folder = makeFolder({ 'a.txt': 'a\n', 'b.txt': 'b\n', 'c.txt': 'before\n' });
  const at = (name: string) => path.join(folder, name);
  const watch = await watched(folder);
  // Nobody empties the kernel's queue meanwhile: then it has no room for a report of the last change.
  const room = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  for (let report = 0; report <= room; report++)
    utimesSync(at(report % 2 === 0 ? 'a.txt' : 'b.txt'), report, report);
  writeFileSync(at('c.txt'), 'after\n');
  await watch.ran(2);
  expect(watch.runs[1]?.files).toMatchObject({ seen: 3, indexed: 1, unchanged: 2 });
  await watch.end();
});

/** A system that lets a user's namespace have so few watches. */
const FEW_WATCHES = ['-Ur', 'sh', '-c', 'echo 3 > /proc/sys/user/max_inotify_watches && exec "$@"', 'sh'];

test.skipIf(spawnSync('unshare', [...FEW_WATCHES, 'true']).status !== 0)(
  'where there are no watches left that is said, and all files are compared every so often',
  async () => {
    verifies('watch-survives-lost-reports');
    const names = ['a/1.txt', 'b/2.txt', 'c/3.txt', 'd/4.txt'];
    const folder = makeFolder(Object.fromEntries(names.map((name) => [name, `${name}\n`])));
    const program = path.join(projectRoot, 'test/fixtures/watch.mjs');
    const watching = execa('unshare', [...FEW_WATCHES, process.execPath, program, folder], { reject: false });
    let said = '';
    watching.stdout.on('data', (part: Buffer) => (said += part.toString()));
    await eventually(() => said.includes('"watching"'));
    expect(said).toContain('max_user_watches');
    writeFileSync(path.join(folder, 'd/4.txt'), 'changed\n');
    await eventually(() => said.includes('"files":{"seen":4,"indexed":1,"unchanged":3'));
    watching.kill();
    await watching;
  },
);

test('between runs the index is not locked and no embedder is left; what another run did is not done again', async () => {
  process.env[OVERRIDES] = JSON.stringify({ childProgram: standIn('echo'), limits: { idleMs: 400 } });
  const folder = makeFolder({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
  const watch = await watched(folder);
  await eventually(() => childrenOf(process.pid).length === 0);
  writeFileSync(path.join(folder, 'a.txt'), 'other\n');
  const other = await indexFolder({ root: folder, lanes: 1 });
  expect(other.result).toMatchObject({ files: { indexed: 1 }, chunks: { embedded: 1 } });
  await watch.settled(1);

  const writer = await openLocalStore(path.join(folder, '.embed-search')).openWriter({ root: folder });
  writeFileSync(path.join(folder, 'b.txt'), 'yet another\n');
  await eventually(() => watch.notices.some(({ kind }) => kind === 'waiting'));
  expect(watch.notices.at(-1)).toMatchObject({ holder: `process ${process.pid}` });
  await writer.close();
  await watch.settled(2);
  expect(watch.runs[1]?.files).toMatchObject({ indexed: 1 });
  await watch.end();
});

test('an index that somebody deletes is made again with the next change', async () => {
  const folder = makeFolder({ 'a.txt': 'a\n', 'b.txt': 'b\n' });
  const watch = await watched(folder);
  rmSync(path.join(folder, '.embed-search'), { recursive: true });
  writeFileSync(path.join(folder, 'a.txt'), 'other\n');
  await watch.settled(2);
  await watch.end();
  expect(readdirSync(path.join(folder, '.embed-search'))).toContain('index.db');
  await asIfIndexedAnew(folder);
});

test('an index that is damaged meanwhile is made anew with the next change, of all files', async () => {
  const folder = makeFolder({ 'a.txt': 'a\n', 'b.txt': 'the text of b\n', 'c.txt': 'c\n' });
  const database = path.join(folder, '.embed-search/index.db');
  const watch = await watched(folder);
  const bytes = readFileSync(database);
  bytes[bytes.indexOf('the text of b') + 5]! ^= 1;
  writeFileSync(database, bytes);
  writeFileSync(path.join(folder, 'a.txt'), 'other\n');
  await watch.settled(2);
  expect(watch.runs[1]).toMatchObject({ files: { seen: 3, indexed: 3 }, chunks: { embedded: 1, total: 3 } });

  writeFileSync(database, 'no database at all '.repeat(1_000));
  writeFileSync(path.join(folder, 'a.txt'), 'yet another\n');
  await watch.settled(3);
  expect(watch.runs[2]).toMatchObject({ files: { seen: 3, indexed: 3 }, chunks: { embedded: 1, total: 3 } });
  await watch.end();
  await asIfIndexedAnew(folder);
});

test('a text that the embedder cannot take is no reason for a run at each look', async () => {
  process.env[OVERRIDES] = JSON.stringify({ childProgram: standIn('poisoned') });
  const folder = makeFolder({ 'a.txt': 'a\n', 'b.txt': 'POISON\n' });
  const watch = await watched(folder, undefined, 0.5);
  expect(watch.runs[0]?.quarantined).toHaveLength(1);
  const reader = await openLocalStore(path.join(folder, '.embed-search')).openReader();
  const first = reader.lastRun;
  reader.close();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  await watch.end();
  const later = await openLocalStore(path.join(folder, '.embed-search')).openReader();
  expect(later.lastRun).toEqual(first);
  later.close();
});

test('a folder that goes ends the watch with what became of it', async () => {
  const folder = makeFolder({ 'in/a.txt': 'a\n' });
  const root = path.join(folder, 'in');
  const index = path.join(folder, 'index');
  mkdirSync(index);
  const ended = watchFolder({
    root,
    indexDir: index,
    signal: new AbortController().signal,
    onNotice: ({ kind }) => {
      if (kind === 'watching') rmSync(root, { recursive: true });
    },
  });
  await expect(ended).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
});
