import { renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { compareFiles, type Difference } from '#dist/lib/indexing/compare-files.js';
import { indexFolder } from '#dist/lib/indexing/index-folder.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { KnownFiles } from '#dist/lib/store/types.js';
import { addFiles, makeFolder } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';

const LONG_AGO = new Date('2020-02-02T02:02:02Z');
const BINARY = Buffer.from([1, 0, 2]);

/** Written long before they are indexed, so that their times can be trusted. */
function addOld(folder: string, files: Record<string, string | Buffer>): void {
  addFiles(folder, files);
  for (const name of Object.keys(files)) utimesSync(path.join(folder, name), LONG_AGO, LONG_AGO);
}

/** Brings the words of the index up to date; no model is needed for that. */
function index(folder: string) {
  return indexFolder({ root: folder, model: path.join(folder, 'no-such-model.gguf') });
}

/** What a run would do now, but for what is the same: "look a.txt". */
async function differences(folder: string, change: (known: KnownFiles) => KnownFiles = (known) => known) {
  const indexDir = path.join(folder, '.embed-search');
  const reader = await openLocalStore(indexDir).openReader();
  try {
    const found: string[] = [];
    for await (const each of compareFiles(change(reader), { root: folder, neverEnter: [indexDir] }))
      if (isNews(each)) found.push(`${each.kind} ${pathOf(each)}`);
    return found;
  } finally {
    reader.close();
  }
}

function isNews(difference: Difference): boolean {
  return difference.kind === 'left-out' ? difference.isNews : difference.kind !== 'same';
}

function pathOf(difference: Difference): string {
  if (difference.kind === 'look') return difference.file.path;
  return difference.kind === 'left-out' ? difference.entry.path : difference.path;
}

test('a file is looked at again when its size, its time or its inode has changed, and only then', async () => {
  verifies('looked-at-only-when-changed');
  const folder = makeFolder();
  const at = (name: string) => path.join(folder, name);
  addOld(folder, {
    'same.txt': 'same\n',
    'size.txt': 'size\n',
    'time.txt': 'time\n',
    'inode.txt': 'inode\n',
  });
  await index(folder);
  expect(await differences(folder)).toEqual([]);

  addOld(folder, { 'size.txt': 'longer\n', 'other.txt': 'INODE\n' });
  renameSync(at('other.txt'), at('inode.txt'));
  utimesSync(at('time.txt'), LONG_AGO, new Date(LONG_AGO.getTime() + 1));
  expect(await differences(folder)).toEqual(['look inode.txt', 'look size.txt', 'look time.txt']);
  const { result } = await index(folder);
  expect(result.files).toMatchObject({ seen: 4, indexed: 2, unchanged: 2 });
  expect(await differences(folder)).toEqual([]);
});

test('what was left out for what is in it is not read again until it changes, or until the rules do', async () => {
  verifies('looked-at-only-when-changed');
  const folder = makeFolder();
  addOld(folder, {
    'a.bin': BINARY,
    'b.bin': BINARY,
    'min.js': `var a=${'1+'.repeat(4_000)}1;`,
    'odd.txt': Buffer.from([0x66, 0x81, 0x8d, 0x8f, 0x90, 0x9d, 0xff, 0x81]),
    'text.txt': 'text\n',
  });
  symlinkSync('text.txt', path.join(folder, 'link.txt'));
  const first = (await index(folder)).result;
  expect(await differences(folder)).toEqual([]);
  const again = (await index(folder)).result;
  expect(again.files).toMatchObject({ seen: first.files.seen, skipped: first.files.skipped, indexed: 0 });
  expect(again.skipped).toEqual(first.skipped);

  const otherRules = (known: KnownFiles): KnownFiles => ({
    knownFiles: (range) => known.knownFiles(range),
    leftOut: (range) => known.leftOut(range),
    fileByPath: (name) => known.fileByPath(name),
    lastLook: { ...known.lastLook!, rules: 'older' },
    chunkRules: known.chunkRules,
  });
  expect(await differences(folder, otherRules)).toContain('look a.bin');

  addOld(folder, { 'a.bin': 'now it is text\n' });
  rmSync(path.join(folder, 'b.bin'));
  expect(await differences(folder)).toEqual(['look a.bin', 'forgotten b.bin']);
  expect((await index(folder)).result.files).toMatchObject({ indexed: 1 });
  const reader = await openLocalStore(path.join(folder, '.embed-search')).openReader();
  const remembered = [...reader.problems()].map((problem) => problem.path);
  reader.close();
  expect(remembered).not.toContain('a.bin');
  expect(remembered).not.toContain('b.bin');
  expect(remembered).toContain('min.js');
});

test('files that go, or come to be ignored or excluded, leave; those that come back are taken in', async () => {
  const folder = makeFolder();
  addOld(folder, { 'a/x.txt': 'x\n', 'a.txt': 'a\n', 'b/y.txt': 'y\n', 'c.txt': 'c\n', 'd.bin': BINARY });
  await index(folder);
  addFiles(folder, { '.gitignore': 'a/\nd.bin\n' });
  rmSync(path.join(folder, 'c.txt'));
  expect(await differences(folder)).toEqual(['gone a/x.txt', 'gone c.txt', 'forgotten d.bin']);
  expect((await index(folder)).result.files).toMatchObject({ removed: 2 });
  rmSync(path.join(folder, '.gitignore'));
  expect(await differences(folder)).toEqual(['look a/x.txt', 'look d.bin']);
  const noNotes = { root: folder, exclude: ['b/**'], model: '/no/such.gguf' };
  expect((await indexFolder(noNotes)).result.files).toMatchObject({ removed: 1, indexed: 1 });
});

test('a file whose time is that of the last look is read once more, and then trusted', async () => {
  verifies('racy-edits-are-seen');
  const folder = makeFolder({ 'young.txt': 'young\n' });
  addOld(folder, { 'old.txt': 'old\n' });
  await index(folder);
  expect(await differences(folder)).toEqual(['look young.txt']);
  const { mtime } = statSync(path.join(folder, 'young.txt'));
  await new Promise((resolve) => setTimeout(resolve, mtime.getTime() + 2_100 - Date.now()));
  expect((await index(folder)).result.files).toMatchObject({ indexed: 0, unchanged: 2 });
  expect(await differences(folder)).toEqual([]);
});

test.skipIf(process.platform === 'win32')(
  'a file that became something else leaves, with the reason, and comes back',
  async () => {
    const folder = makeFolder();
    addOld(folder, { 'a.txt': 'a\n' });
    await index(folder);
    rmSync(path.join(folder, 'a.txt'));
    symlinkSync('a.txt', path.join(folder, 'a.txt'));
    expect(await differences(folder)).toEqual(['gone a.txt', 'left-out a.txt']);
    expect((await index(folder)).result.files).toMatchObject({ removed: 1, skipped: 1 });
    expect(await differences(folder)).toEqual([]);
    rmSync(path.join(folder, 'a.txt'));
    addOld(folder, { 'a.txt': 'a\n' });
    expect(await differences(folder)).toEqual(['look a.txt']);
  },
);

test('an index of before these notes is read, and gets them with its next run', async () => {
  const folder = makeFolder();
  addOld(folder, { 'a.txt': 'a\n', 'b.bin': BINARY });
  await index(folder);
  const { Sqlite } = await import('#dist/lib/store/sqlite.js');
  const database = new Sqlite(path.join(folder, '.embed-search/index.db'), { busyMilliseconds: 0 });
  for (const column of ['size', 'mtime_ms', 'inode'])
    database.exec(`alter table file_problems drop column ${column}`);
  database.exec("delete from meta where key = 'lastLook'; pragma user_version = 1");
  database.close();
  expect(await differences(folder)).toEqual(['look a.txt', 'look b.bin']);
  expect((await index(folder)).result.files).toMatchObject({ indexed: 0, unchanged: 1 });
  expect(await differences(folder)).toEqual([]);
});
