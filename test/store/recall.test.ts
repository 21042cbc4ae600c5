import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { file, identity, modelFile, randomNumbers, temporaryFolder, unit, wordRules } from './fixtures.js';

const dimensions = 384;

/** Clusters with a spread like that of real embeddings of one folder: neighbours at a cosine of about .6 to .9. */
function clusteredVectors(count: number, seed: number): Float32Array[] {
  const random = randomNumbers(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const centres = Array.from({ length: Math.ceil(count / 20) }, () =>
    Float32Array.from({ length: dimensions }, normal),
  );
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)]!;
    const spread = 0.3 + random() * 0.7;
    return unit(centre.map((value) => value + normal() * spread));
  });
}

describe('the two stages of a vector search', () => {
  it('find 99 of 100 of the ten nearest that an exact scan finds, with the same scores', async () => {
    const count = 6000;
    const vectors = clusteredVectors(count, 5);
    const store = openLocalStore(temporaryFolder());
    const writer = await store.openWriter({ root: '/' });
    writer.setIdentity({ ...identity, dimensions }, modelFile);
    await writer.setWords(wordRules);
    writer.transaction(() => {
      for (let index = 0; index < count; index += 20)
        writer.putFile(
          ...file(
            `${index}.ts`,
            Array.from({ length: 20 }, (_, chunk) => `text ${index + chunk}`),
          ),
        );
    });
    for (let done = 0; done < count;) {
      const pending = writer.pendingChunks(500);
      writer.stageVectors(
        pending.map(({ embeddingKey }, index) => ({ key: embeddingKey, vector: vectors[done + index]! })),
      );
      done += pending.length;
      await writer.publish();
    }
    await writer.close();

    const reader = await store.openReader();
    let found = 0;
    const queries = 50;
    for (let query = 0; query < queries; query++) {
      const near = vectors[(query * 117) % count]!;
      const vector = unit(near.map((value, index) => value + 0.02 * Math.sin(index * (query + 1))));
      const exact = new Map(
        (await reader.searchVectors(vector, { limit: 10, exact: true })).map(({ chunkId, score }) => [
          chunkId,
          score,
        ]),
      );
      for (const { chunkId, score } of await reader.searchVectors(vector, { limit: 10 })) {
        if (!exact.has(chunkId)) continue;
        found++;
        expect(score).toBe(exact.get(chunkId));
      }
    }
    reader.close();
    expect(found / (queries * 10)).toBeGreaterThanOrEqual(0.99);
  });
});
