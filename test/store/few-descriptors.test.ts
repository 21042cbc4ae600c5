import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import {
  embedPending,
  file,
  identity,
  modelFile,
  nearestTexts,
  temporaryFolder,
  vectorOf,
  wordRules,
} from './fixtures.js';

const readIndex = fileURLToPath(new URL('children/read-index.js', import.meta.url));
const SHARDS = 64;
const TEXTS = 50;
/** What Node has open without reading anything is some 20. */
const FEW = 40;

/** More shards than a process with few descriptors can have open, and so many vectors that there are two stages. */
async function indexOfManyShards(): Promise<string> {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  writer.setIdentity(identity, modelFile);
  await writer.setWords(wordRules);
  for (let shard = 0; shard < SHARDS; shard++) {
    const texts = Array.from({ length: TEXTS }, (_, index) => `text ${shard * TEXTS + index}`);
    writer.putFile(...file(`${shard}.ts`, texts));
    await embedPending(writer, { all: true });
  }
  await writer.close();
  expect(readdirSync(`${folder}/vectors`)).toHaveLength(SHARDS);
  return folder;
}

describe('the shards that a search has open', () => {
  it('are fewer where the process may open few files, and the answer is the same', async () => {
    const folder = await indexOfManyShards();
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      `ulimit -n ${FEW}; exec "$@"`,
      'sh',
      process.execPath,
      readIndex,
      folder,
      JSON.stringify([...vectorOf('text 1234')]),
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ best: 'text 1234', words: 100 });
  });

  it.skipIf(!existsSync('/proc/self/fd'))('are closed when it has its answer', async () => {
    const reader = await openLocalStore(await indexOfManyShards()).openReader();
    const openFiles = (): number => readdirSync('/proc/self/fd').length;
    try {
      const before = openFiles();
      expect(await nearestTexts(reader, vectorOf('text 2345'), 1)).toEqual(['text 2345']);
      expect(openFiles()).toBe(before);
    } finally {
      reader.close();
    }
  });
});
