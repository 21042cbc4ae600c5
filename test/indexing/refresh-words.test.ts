import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { indexFolder } from '#dist/lib/indexing/index-folder.js';
import { refreshWords, type RefreshOutcome } from '#dist/lib/indexing/refresh-words.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { addFiles, makeFolder, SMALL_PROJECT } from '../e2e/cli.js';
import { contents } from '../e2e/contents.js';
import { verifies } from '../house/promises.js';

/** More than any of these needs: what fits a budget is asked separately. */
const PLENTY = 30_000;

/** A folder whose words are indexed; no model is needed for that. */
async function indexed(files: Record<string, string | Buffer> = SMALL_PROJECT): Promise<string> {
  const folder = makeFolder(files);
  await wordsOnly(folder);
  return folder;
}

function wordsOnly(folder: string) {
  return indexFolder({ root: folder, model: path.join(folder, 'no-such-model.gguf') });
}

function refresh(folder: string, more: { budgetMs?: number; only?: string[] } = {}): Promise<RefreshOutcome> {
  return refreshWords({ root: folder, indexDir: indexDirOf(folder), budgetMs: PLENTY, ...more });
}

function indexDirOf(folder: string): string {
  return path.join(folder, '.embed-search');
}

test('words of what was edited, added, renamed and removed are in, as if the folder had been indexed anew', async () => {
  verifies('words-are-fresh-before-a-search');
  const folder = await indexed();
  expect(await refresh(folder)).toMatchObject({ state: 'fresh', isWhole: true, stale: [] });

  writeFileSync(path.join(folder, 'docs/guide.md'), '# Guide\n\nA wombat digs.\n');
  addFiles(folder, { 'deep/new.txt': 'A numbat eats termites.\n', 'deep/blob.bin': Buffer.from([0, 1, 2]) });
  renameSync(path.join(folder, 'src/sleep.ts'), path.join(folder, 'src/nap.ts'));
  rmSync(path.join(folder, 'src/parse_config.py'));
  const outcome = await refresh(folder);
  expect(outcome).toMatchObject({ state: 'refreshed', indexed: 3, removed: 2, stale: [] });

  const reader = await openLocalStore(indexDirOf(folder)).openReader();
  expect(reader.generation).toBe(outcome.generation);
  expect(reader.searchChunkWords(['numbat'], { limit: 5 }).ids).toHaveLength(1);
  reader.close();
  const after = await contents(folder);
  expect((await refresh(folder)).state).toBe('fresh');

  rmSync(indexDirOf(folder), { recursive: true });
  await wordsOnly(folder);
  expect(after).toEqual(await contents(folder));
});

test('while another writer is at work it says so, names what is stale and changes nothing', async () => {
  const folder = await indexed();
  const before = await contents(folder);
  const writer = await openLocalStore(indexDirOf(folder)).openWriter({ root: folder });
  try {
    expect((await refresh(folder)).state).toBe('fresh');
    addFiles(folder, { 'src/upload.ts': 'export const nothing = 0;\n' });
    expect(await refresh(folder)).toMatchObject({ state: 'locked', stale: ['src/upload.ts'] });
  } finally {
    await writer.close();
  }
  expect(await contents(folder)).toEqual(before);
  expect((await refresh(folder)).state).toBe('refreshed');
});

test('what does not fit the budget is left, and said', async () => {
  const folder = await indexed();
  addFiles(folder, { 'src/upload.ts': 'export const nothing = 0;\n' });
  expect(await refresh(folder, { budgetMs: 0 })).toMatchObject({ state: 'over-budget', isWhole: false });
  const much = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`big/${n}.txt`, 'a b c d\n'.repeat(9_000)]),
  );
  addFiles(folder, much);
  const outcome = await refresh(folder, { budgetMs: 2_000 });
  expect(outcome.state).toBe('over-budget');
  expect(outcome.stale).toContain('src/upload.ts');
});

test('a damaged index is left to a full run, which has every file in it again', async () => {
  const folder = await indexed();
  const before = await contents(folder);
  const database = path.join(indexDirOf(folder), 'index.db');
  const bytes = readFileSync(database);
  bytes[bytes.indexOf('parse_config') + 2]! ^= 1;
  writeFileSync(database, bytes);
  addFiles(folder, { 'src/late.ts': 'export const nothing = 0;\n' });
  expect(await refresh(folder)).toMatchObject({ state: 'damaged', stale: ['src/late.ts'] });
  rmSync(path.join(folder, 'src/late.ts'));
  await wordsOnly(folder);
  expect(await contents(folder)).toEqual(before);
});

test('of paths that a watcher names, only these are looked at', async () => {
  const folder = await indexed();
  addFiles(folder, {
    'src/upload.ts': 'export const one = 1;\n',
    'docs/guide.md': 'two\n',
    'src/more/x.ts': 'x\n',
  });
  rmSync(path.join(folder, 'src/sleep.ts'));
  const some = await refresh(folder, { only: ['src/upload.ts', 'src/more', 'src/sleep.ts', 'never/there'] });
  expect(some).toMatchObject({ state: 'refreshed', indexed: 2, removed: 1, isWhole: false });
  expect(await refresh(folder)).toMatchObject({ state: 'refreshed', indexed: 1 });
});

test('an edit that leaves size and time as they were, right after the file was read, is seen', async () => {
  verifies('racy-edits-are-seen');
  const folder = makeFolder({ 'a.txt': 'first\n' });
  const file = path.join(folder, 'a.txt');
  await wordsOnly(folder);
  const { atime, mtime } = statSync(file);
  writeFileSync(file, 'other\n');
  utimesSync(file, atime, mtime);
  // The stored time has more digits than utimes sets: as a file system with coarse times would have it.
  await wordsOnly(folder);
  writeFileSync(file, 'third\n');
  utimesSync(file, atime, mtime);
  expect(await refresh(folder)).toMatchObject({ state: 'refreshed', indexed: 1 });
  expect((await contents(folder))[0]).toMatchObject({ text: expect.stringContaining('third') });
});
