import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NewestGeneration } from '#dist/lib/search/newest-generation.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreWriter, VectorStore } from '#dist/lib/store/types.js';
import {
  embedPending,
  file,
  identity,
  modelFile,
  nearestTexts,
  temporaryFolder,
  vectorOf,
  wordRules,
} from '../store/fixtures.js';
import { verifies } from '../house/promises.js';

const MB = 1024 * 1024;

describe('a searcher that lives long', () => {
  let folder: string;
  let store: VectorStore;
  let writer: StoreWriter;
  let newest: NewestGeneration;
  const renewed: number[] = [];

  beforeEach(async () => {
    folder = temporaryFolder();
    store = openLocalStore(folder);
    writer = await store.openWriter({ root: '/' });
    writer.setIdentity(identity, modelFile);
    await writer.setWords(wordRules);
    writer.putFile(...file('a.ts', ['first']));
    await embedPending(writer, { all: true });
    renewed.length = 0;
    newest = new NewestGeneration(await store.openReader(), (reader) => renewed.push(reader.generation));
  });
  afterEach(async () => {
    newest.close();
    await writer.close();
  });

  const logBytes = (): number => statSync(path.join(folder, 'index.db-wal')).size;
  const find = (text: string): Promise<string[]> =>
    newest.use((reader) => nearestTexts(reader, vectorOf(text), 1));
  const change = async (text: string): Promise<void> => {
    writer.putFile(...file('a.ts', [text]));
    await embedPending(writer, { all: true });
  };

  it('answers from each new generation, and opens nothing anew while there is none', async () => {
    verifies('old-reader-frees-space');
    expect(await find('first')).toEqual(['first']);
    expect(await find('first')).toEqual(['first']);
    expect(renewed).toEqual([]);
    await change('second');
    expect(await find('second')).toEqual(['second']);
    await change('third');
    expect(await find('third')).toEqual(['third']);
    expect(renewed).toHaveLength(2);
  });

  it('a piece of work sees one generation to its end, and so does what starts beside it', async () => {
    let goOn = (): void => undefined;
    const middle = new Promise<void>((resolve) => (goOn = resolve));
    const first = newest.use(async (reader) => {
      const before = await nearestTexts(reader, vectorOf('first'), 1);
      await middle;
      return [before, await nearestTexts(reader, vectorOf('first'), 1)];
    });
    await change('second');
    expect(await find('first')).toEqual(['first']);
    goOn();
    expect(await first).toEqual([['first'], ['first']]);
    expect(await find('second')).toEqual(['second']);
    expect(renewed).toHaveLength(1);
  });

  it('work that never pauses does not keep a new generation away for ever', async () => {
    const until = performance.now() + 2500;
    const busy = [0, 250].map(async (delay) => {
      await wait(delay);
      while (performance.now() < until) await newest.use(() => wait(500));
    });
    await wait(100);
    await change('second');
    expect(await find('first')).toEqual(['first']);
    await wait(1500);
    expect(await find('second')).toEqual(['second']);
    await Promise.all(busy);
    expect(renewed).toHaveLength(1);
  });

  it('lets the log be started anew, however often a writer commits, where a reader that stays does not', async () => {
    const commits = async (before: () => Promise<unknown>): Promise<number> => {
      let highest = 0;
      for (let commit = 0; commit < 120; commit++) {
        await before();
        writer.putFile(...file('big.ts', [`${commit} ${'some words of a text '.repeat(6000)}`]));
        highest = Math.max(highest, logBytes());
      }
      return highest;
    };
    const followed = await commits(() => find('first'));
    const stays = await store.openReader();
    const held = await commits(async () => stays.counts());
    stays.close();
    expect(followed).toBeLessThan(16 * MB);
    expect(held).toBeGreaterThan(2 * followed);
  });

  it('keeps no removed shard on the disk while nobody asks', async () => {
    await find('first');
    const shards = (): number => readdirSync(path.join(folder, 'vectors')).length;
    await writer.close();
    writer = await store.openWriter({ root: '/', rebuild: true });
    writer.setIdentity(identity, modelFile);
    await writer.setWords(wordRules);
    await writer.sweep();
    expect(shards()).toBe(0);
    expect(await newest.use((reader) => reader.counts().files)).toBe(0);
  });

  it('finds the index that stands where the one before was deleted, and says when there is none', async () => {
    await writer.close();
    rmSync(folder, { recursive: true });
    await expect(find('first')).rejects.toMatchObject({ code: 'INDEX_MISSING' });
    writer = await store.openWriter({ root: '/' });
    writer.setIdentity(identity, modelFile);
    await writer.setWords(wordRules);
    await change('anew');
    expect(await find('anew')).toEqual(['anew']);
  });
});
