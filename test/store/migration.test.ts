import path from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreReader } from '#dist/lib/store/types.js';
import { verifies } from '../house/promises.js';
import { file, nearestTexts, rowsOf, sha256, temporaryFolder, vectorOf, wordRules } from './fixtures.js';
import { makeFormat1 } from './format-1.js';

const texts = ['river dog', 'retry the upload', 'parse a shard', 'commit the cache'];

async function answersOf(reader: StoreReader): Promise<unknown> {
  const words = reader.searchChunkWords(['upload', 'river', 'ts'], { limit: 9 });
  return {
    nearest: await Promise.all(texts.map((text) => nearestTexts(reader, vectorOf(text), texts.length))),
    words: rowsOf(words).map(({ id, score }) => [id, score]),
    files: rowsOf(reader.searchFileWords(['cache'], { limit: 9 })),
    counts: reader.counts(),
    problems: [...reader.problems()],
    warnings: reader.warnings,
  };
}

function versionOf(folder: string): unknown {
  const database = new Database(path.join(folder, 'index.db'));
  const version = database.prepare('pragma user_version').raw().get();
  database.close();
  return version;
}

describe('an index of the format before', () => {
  it('is read as it is, and the next writer brings it up to date without embedding anything again', async () => {
    verifies('formats-move-forward');
    const folder = temporaryFolder();
    await makeFormat1(folder, texts);
    const store = openLocalStore(folder);
    const old = await store.openReader();
    const before = await answersOf(old);
    expect(before).toMatchObject({
      nearest: texts.map((text) => expect.arrayContaining([text])),
      counts: { files: 1, chunks: 4, withVectors: 4 },
      problems: [{ path: 'big.bin', reason: 'too large', detail: '100 MB' }],
      warnings: [],
    });
    expect(versionOf(folder)).toEqual([1]);

    const writer = await store.openWriter({ root: '/' });
    await writer.setWords(wordRules);
    expect(writer.generation).toBe(old.generation);
    expect(writer.pendingCount()).toBe(0);
    expect(await writer.heal()).toBe(0);
    await writer.publish({ all: true });
    const reader = await store.openReader();
    expect(await answersOf(reader)).toEqual(before);
    expect(await answersOf(old)).toEqual(before);
    reader.close();
    old.close();

    writer.putFile(...file('b.ts', [texts[1]!, 'new']));
    expect(writer.pendingChunks(9).map(({ text }) => text)).toEqual(['new']);
    writer.stageVectors([{ key: sha256('new'), vector: vectorOf('new') }]);
    await writer.close();
    expect(versionOf(folder)).toEqual([2]);
    const later = await store.openReader();
    expect(await nearestTexts(later, vectorOf('new'), 1)).toEqual(['new']);
    later.close();
  });

  it('can be made anew', async () => {
    const folder = temporaryFolder();
    await makeFormat1(folder, texts);
    const writer = await openLocalStore(folder).openWriter({ root: '/', rebuild: true });
    await writer.setWords(wordRules);
    writer.putFile(...file('b.ts', ['anew']));
    await writer.close();
    expect(versionOf(folder)).toEqual([2]);
  });
});
