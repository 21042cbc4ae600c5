import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { verifies } from '../house/promises.js';
import {
  embedPending,
  file,
  identity,
  modelFile,
  nearestTexts,
  randomNumbers,
  temporaryFolder,
  unit,
  vectorOf,
  wordRules,
} from './fixtures.js';

const MB = 1024 * 1024;

describe('the space that vectors take', () => {
  it('many incremental runs leave few shards, and every vector', async () => {
    verifies('space-is-bounded');
    const folder = temporaryFolder();
    const store = openLocalStore(folder);
    const most: number[] = [];
    for (let run = 0; run < 30; run++) {
      const writer = await store.openWriter({ root: '/' });
      writer.setIdentity(identity, modelFile);
      await writer.setWords(wordRules);
      writer.putFile(...file(`${run}.ts`, [`text ${run}`, `more ${run}`]));
      await embedPending(writer, { all: true });
      await writer.sweep();
      await writer.close();
      most.push(readdirSync(path.join(folder, 'vectors')).length);
    }
    expect(Math.max(...most)).toBeLessThanOrEqual(8);
    const reader = await store.openReader();
    for (let run = 0; run < 30; run++)
      expect(await nearestTexts(reader, vectorOf(`more ${run}`), 1)).toEqual([`more ${run}`]);
    reader.close();
  });

  it('of texts that are gone the newest stay reusable, within their bytes', async () => {
    const dimensions = 4096;
    const bytesOfVector = dimensions * 4;
    const kept = (16 * MB) / bytesOfVector;
    const random = randomNumbers(11);
    const folder = temporaryFolder();
    const store = openLocalStore(folder);
    const writer = await store.openWriter({ root: '/' });
    writer.setIdentity({ ...identity, dimensions }, modelFile);
    await writer.setWords(wordRules);
    const texts = (round: number): string[] =>
      Array.from({ length: kept / 2 }, (_, index) => `${round} ${index}`);
    for (let round = 0; round < 4; round++) {
      writer.putFile(...file('a.ts', texts(round)));
      writer.stageVectors(
        writer.pendingChunks(kept).map(({ embeddingKey: key }) => ({
          key,
          vector: unit(Float32Array.from({ length: dimensions }, () => random() - 0.5)),
        })),
      );
      await writer.publish({ all: true });
      await writer.sweep();
    }
    writer.removeFile('a.ts');
    await writer.sweep();
    const reader = await store.openReader();
    const { vectors, database } = await reader.bytes();
    reader.close();
    // A shard goes when more than half of it has gone.
    expect(vectors + database).toBeLessThan(2 * 16 * MB + 8 * MB);
    writer.putFile(...file('newest.ts', [...texts(3), ...texts(2)]));
    expect(writer.pendingCount()).toBe(0);
    writer.putFile(...file('oldest.ts', texts(0)));
    expect(writer.pendingCount()).toBe(kept / 2);
    await writer.close();
  }, 30_000);
});
