import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { durableFiles } from '#dist/lib/store/durable-files.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { shardCodec } from '#dist/lib/store/shard-codec.js';
import { HEADER_BYTES, readHeader, SHARD_FILE } from '#dist/lib/store/shard-format.js';
import { LocalIndex } from '#dist/lib/store/vectra-bundle.js';
import {
  embedPending,
  file,
  identity,
  modelFile,
  randomNumbers,
  sha256,
  temporaryFolder,
  vectorOf,
  wordRules,
} from './fixtures.js';

const texts = Array.from({ length: 60 }, (_, index) => `text ${index}`);

/** An index of `texts` in one shard; returns its folder and the shard's file. */
async function indexOfTexts(): Promise<{ folder: string; shard: string }> {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  writer.setIdentity(identity, modelFile);
  await writer.setWords(wordRules);
  writer.putFile(...file('a.ts', texts));
  await embedPending(writer, { all: true });
  await writer.close();
  const [name] = readdirSync(path.join(folder, 'vectors'));
  return { folder, shard: path.join(folder, 'vectors', name!, SHARD_FILE) };
}

function replace(name: string, make: (name: string) => void): void {
  rmSync(name, { recursive: true });
  make(name);
}

function flipByte(name: string, offset: number): void {
  const bytes = readFileSync(name);
  bytes[offset]! ^= 0x10;
  writeFileSync(name, bytes);
}

async function search(folder: string, query: string, exact = false) {
  const reader = await openLocalStore(folder).openReader();
  try {
    const hits = await reader.searchVectors(vectorOf(query), { limit: texts.length, exact });
    const found = new Map(
      reader.chunks(hits.map(({ chunkId }) => chunkId)).map(({ id, text }) => [id, text]),
    );
    return {
      hits: hits.map(({ chunkId, score }) => ({ text: found.get(chunkId)!, score })),
      warnings: reader.warnings,
    };
  } finally {
    reader.close();
  }
}

describe('a shard', () => {
  it('is a vectra index: its own query gives the same ids and scores as ours', async () => {
    const { folder, shard } = await indexOfTexts();
    const index = new LocalIndex(path.dirname(shard), SHARD_FILE, durableFiles, shardCodec());
    for (const query of ['text 3', 'text 17', 'something else']) {
      const theirs = await index.queryItems(vectorOf(query), '', texts.length);
      const { hits } = await search(folder, query);
      expect(hits.map(({ text }) => sha256(text))).toEqual(theirs.map(({ item }) => item.id));
      hits.forEach(({ score }, rank) => expect(score).toBeCloseTo(theirs[rank]!.score, 12));
    }
  });

  it('goes through the codec unchanged', async () => {
    const { shard } = await indexOfTexts();
    const bytes = readFileSync(shard);
    const codec = shardCodec();
    const data = codec.deserializeIndex(bytes);
    expect(data.items.map(({ id, vector }) => [id, vector])).toEqual(
      texts.map((text) => [sha256(text), vectorOf(text)]),
    );
    expect(codec.serializeIndex(data).equals(bytes)).toBe(true);
  });

  it('never gives a wrong answer for a flipped byte, wherever it is', async () => {
    const { folder, shard } = await indexOfTexts();
    const whole = readFileSync(shard);
    const right = new Map((await search(folder, 'text 7')).hits.map(({ text, score }) => [text, score]));
    const random = randomNumbers(42);
    const offsets = Array.from({ length: 60 }, () => Math.floor(random() * whole.length));
    for (const offset of [...Array(HEADER_BYTES).keys(), ...offsets, whole.length - 1]) {
      flipByte(shard, offset);
      const { hits, warnings } = await search(folder, 'text 7');
      for (const { text, score } of hits) expect(score).toBe(right.get(text));
      expect(hits.length === texts.length || warnings.length > 0).toBe(true);
      writeFileSync(shard, whole);
    }
  });

  it('a flipped byte is found by healing, and only the texts concerned are embedded again', async () => {
    const { folder, shard } = await indexOfTexts();
    const layout = readHeader(readFileSync(shard), readFileSync(shard).length);
    flipByte(shard, layout.rowsOffset + 5 * layout.rowBytes + 17);
    const { hits, warnings } = await search(folder, 'text 5');
    expect(hits).toHaveLength(texts.length - 1);
    expect(warnings).toEqual([expect.stringContaining(path.basename(path.dirname(shard)))]);

    const writer = await openLocalStore(folder).openWriter({ root: '/' });
    expect(await writer.heal()).toBe(1);
    expect(writer.pendingChunks(9).map(({ text }) => text)).toEqual(['text 5']);
    await embedPending(writer, { all: true });
    await writer.sweep();
    expect(await writer.heal()).toBe(0);
    await writer.close();
    expect(await search(folder, 'text 5')).toMatchObject({ hits: { length: texts.length }, warnings: [] });
    expect(readdirSync(path.join(folder, 'vectors'))).toHaveLength(1);
  });

  it('a damaged sketch costs time, not answers', async () => {
    const { folder, shard } = await indexOfTexts();
    const layout = readHeader(readFileSync(shard), readFileSync(shard).length);
    flipByte(shard, layout.sketchOffset + 3);
    expect((await search(folder, 'text 5')).hits).toHaveLength(texts.length);
    const writer = await openLocalStore(folder).openWriter({ root: '/' });
    expect(await writer.heal()).toBe(0);
    await writer.publish({ all: true });
    await writer.sweep();
    await writer.close();
    expect(await search(folder, 'text 5')).toMatchObject({ hits: { length: texts.length }, warnings: [] });
    expect(readdirSync(path.join(folder, 'vectors'))).toHaveLength(1);
  });

  it.each([
    ['cut off', (shard: string) => truncateSync(shard, 1000)],
    ['missing', (shard: string) => rmSync(path.dirname(shard), { recursive: true })],
    ['another file', (shard: string) => writeFileSync(shard, 'nothing of ours')],
    ['a folder', (shard: string) => replace(shard, mkdirSync)],
    ['in no folder', (shard: string) => replace(path.dirname(shard), (name) => writeFileSync(name, ''))],
  ])(
    'that is %s is passed over with a warning, and the next writer asks for its texts again',
    async (_name, damage) => {
      const { folder, shard } = await indexOfTexts();
      damage(shard);
      const { hits, warnings } = await search(folder, 'text 5');
      expect(hits).toEqual([]);
      expect(warnings).toHaveLength(1);
      const writer = await openLocalStore(folder).openWriter({ root: '/' });
      expect(writer.pendingCount()).toBe(texts.length);
      await embedPending(writer, { all: true });
      await writer.close();
      expect((await search(folder, 'text 5')).hits[0]).toEqual({
        text: 'text 5',
        score: expect.closeTo(1, 6),
      });
    },
  );

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'that may not be read is passed over with a warning, and is there when it may',
    async () => {
      const { folder, shard } = await indexOfTexts();
      chmodSync(shard, 0);
      expect(await search(folder, 'text 5')).toEqual({
        hits: [],
        warnings: [expect.stringContaining('it cannot be read (EACCES)')],
      });
      chmodSync(shard, 0o600);
      expect((await search(folder, 'text 5')).hits[0]).toMatchObject({ text: 'text 5' });
    },
  );

  it('that is missing is said without being read, and no longer when it is there again; of many a few are named', async () => {
    const folder = temporaryFolder();
    const store = openLocalStore(folder);
    for (let run = 0; run < 6; run++) {
      const writer = await store.openWriter({ root: '/' });
      writer.setIdentity(identity, modelFile);
      await writer.setWords(wordRules);
      writer.putFile(...file(`${run}.ts`, [`text ${run}`]));
      await embedPending(writer, { all: true });
      await writer.close();
    }
    const reader = await store.openReader();
    expect([reader.missingShards(), reader.warnings]).toEqual([0, []]);
    const vectors = path.join(folder, 'vectors');
    const [first] = readdirSync(vectors);
    const isMissing = [expect.stringMatching(`${first} .*it is missing`)];
    for (const seesItBack of [
      () => reader.missingShards(),
      () => reader.searchVectors(vectorOf('text 1'), { limit: 9 }),
    ]) {
      renameSync(path.join(vectors, first!), path.join(folder, 'aside'));
      expect([reader.missingShards(), reader.warnings]).toEqual([1, isMissing]);
      let calls = 0;
      const onUnreadable = () => calls++;
      const hits = await reader.searchVectors(vectorOf('text 1'), { limit: 9, onUnreadable });
      expect([hits.length, calls, reader.warnings]).toEqual([5, 1, isMissing]);
      renameSync(path.join(folder, 'aside'), path.join(vectors, first!));
      await seesItBack();
      expect(reader.warnings).toEqual([]);
    }
    rmSync(vectors, { recursive: true });
    expect(reader.missingShards()).toBe(6);
    expect(reader.warnings).toHaveLength(4);
    expect(reader.warnings[3]).toBe('3 more shards were passed over.');
    reader.close();
  });

  it('is merged with others by a run that changes nothing, where the one before did not come to it', async () => {
    const folder = temporaryFolder();
    const store = openLocalStore(folder);
    const shards = (): number => readdirSync(path.join(folder, 'vectors')).length;
    for (let run = 0; run < 9; run++) {
      const writer = await store.openWriter({ root: '/' });
      writer.setIdentity(identity, modelFile);
      await writer.setWords(wordRules);
      if (run === 0) await writer.sweep();
      writer.putFile(...file(`${run}.ts`, [`text ${run}`]));
      await embedPending(writer, { all: true });
      await writer.close();
    }
    expect(shards()).toBe(9);
    const writer = await store.openWriter({ root: '/' });
    await writer.sweep();
    await writer.close();
    expect(shards()).toBe(1);
  });

  it('goes from the disk when nobody needs it any more, and not before', async () => {
    const { folder } = await indexOfTexts();
    const store = openLocalStore(folder);
    const shards = (): number => readdirSync(path.join(folder, 'vectors')).length;
    const writer = await store.openWriter({ root: '/' });
    await writer.setWords(wordRules);
    const reader = await store.openReader();
    for (let round = 0; round < 3; round++) {
      writer.putFile(
        ...file(
          'a.ts',
          texts.map((text) => `${text} of round ${round}`),
        ),
      );
      await embedPending(writer, { all: true });
    }
    const many = shards();
    expect(many).toBe(4);
    // Reused vectors have their bounds; a rebuild gives them all up.
    await writer.close();
    const anew = await store.openWriter({ root: '/', rebuild: true });
    anew.setIdentity(identity, modelFile);
    await anew.setWords(wordRules);
    await anew.sweep();
    expect(shards()).toBe(many);
    reader.close();
    await anew.sweep();
    expect(shards()).toBe(0);
    await anew.close();
  });
});
