import path from 'node:path';
import { expect, test } from 'vitest';
import { CHUNK_RULES } from '#dist/lib/indexing/chunk-rules.js';
import { indexFolder } from '#dist/lib/indexing/index-folder.js';
import { planIndex } from '#dist/lib/indexing/plan.js';
import { refreshWords } from '#dist/lib/indexing/refresh-words.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { addFiles, makeFolder, SMALL_PROJECT } from '../e2e/cli.js';
import { contents } from '../e2e/contents.js';

const FILES = Object.keys(SMALL_PROJECT).length;

/** An index as an earlier version left it, which cut the same texts by other rules. */
async function indexedByOtherRules(): Promise<{ folder: string; indexDir: string }> {
  const folder = makeFolder(SMALL_PROJECT);
  const indexDir = path.join(folder, '.embed-search');
  await indexFolder({ root: folder });
  const writer = await openLocalStore(indexDir).openWriter({ root: folder });
  writer.noteChunkRules('1');
  await writer.close();
  return { folder, indexDir };
}

async function rulesOf(indexDir: string): Promise<string | null> {
  const reader = await openLocalStore(indexDir).openReader();
  try {
    return reader.chunkRules;
  } finally {
    reader.close();
  }
}

test('files that were cut by other rules are cut anew, all of them and once; what is embedded as before keeps its vector', async () => {
  const { folder, indexDir } = await indexedByOtherRules();
  const before = await contents(folder);
  expect((await planIndex({ root: folder })).files).toMatchObject({ changed: FILES, unchanged: 0 });

  const { result, warnings } = await indexFolder({ root: folder });
  expect(result.files).toMatchObject({ indexed: FILES, unchanged: 0 });
  expect(result.chunks.embedded).toBe(0);
  expect(warnings.join()).toContain('cut into chunks anew');
  expect(await rulesOf(indexDir)).toBe(CHUNK_RULES);
  expect(await contents(folder)).toEqual(before);

  const again = await indexFolder({ root: folder });
  expect(again.result.files).toMatchObject({ indexed: 0, unchanged: FILES });
  expect(again.warnings).toEqual([]);
});

test('they are not taken for new ones before every file has been cut anew', async () => {
  const { folder, indexDir } = await indexedByOtherRules();
  addFiles(folder, { 'new.txt': 'A numbat eats termites.\n' });
  // What a server takes in before a search is a part of the files.
  const refreshed = await refreshWords({ root: folder, indexDir, budgetMs: 30_000 });
  expect(refreshed).toMatchObject({ state: 'refreshed', indexed: 1 });
  expect(await rulesOf(indexDir)).toBe('1');

  const stop = new AbortController();
  const run = indexFolder({
    root: folder,
    signal: stop.signal,
    onDebug: (message) => {
      if (message.startsWith('cut anew')) stop.abort();
    },
  });
  await expect(run).rejects.toThrow(/abort/i);
  expect(await rulesOf(indexDir)).toBe('1');
  const { result } = await indexFolder({ root: folder });
  expect(result.files.indexed).toBe(FILES + 1);
  expect(await rulesOf(indexDir)).toBe(CHUNK_RULES);
});

test('an index that a first run has not finished was cut by the rules of that run', async () => {
  const folder = makeFolder(SMALL_PROJECT);
  const indexDir = path.join(folder, '.embed-search');
  const stop = new AbortController();
  const run = indexFolder({
    root: folder,
    signal: stop.signal,
    onProgress: ({ phase }) => {
      if (phase === 'words-ready') stop.abort();
    },
  });
  await expect(run).rejects.toThrow(/abort/i);
  expect(await rulesOf(indexDir)).toBe(CHUNK_RULES);
  const { result } = await indexFolder({ root: folder });
  expect(result.files).toMatchObject({ indexed: 0, unchanged: FILES });
});
