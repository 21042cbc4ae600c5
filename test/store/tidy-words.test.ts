import path from 'node:path';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreWriter } from '#dist/lib/store/types.js';
import { file, randomNumbers, temporaryFolder, wordRules } from './fixtures.js';

const random = randomNumbers(8);
const text = (): string => Array.from({ length: 200 }, () => `word${Math.floor(random() * 3_000)}`).join(' ');

/** In transactions of their own, as an index run writes groups of files. */
function put(writer: StoreWriter, from: number, to: number): void {
  for (let number = from; number < to; number++)
    writer.transaction(() => writer.putFile(...file(`${number}.txt`, [text(), text()])));
}

/** How many segments the words of chunks lie in. */
function segments(folder: string): number {
  const database = new Database(path.join(folder, 'index.db'), { readonly: true });
  try {
    const row = database.prepare('select count(distinct segid) as count from chunk_words_idx').get();
    return (row as { count: number }).count;
  } finally {
    database.close();
  }
}

it('words lie in one segment after a first run, and again when half of them have changed', async () => {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  await writer.setWords(wordRules);
  put(writer, 0, 60);
  expect(segments(folder)).toBeGreaterThan(1);
  const interrupted = AbortSignal.abort(new Error('stopped'));
  await expect(writer.tidyWords(interrupted)).rejects.toThrow('stopped');
  await writer.tidyWords();
  expect(segments(folder)).toBe(1);

  put(writer, 60, 70);
  await writer.tidyWords();
  expect(segments(folder)).toBeGreaterThan(1);

  put(writer, 70, 150);
  const reader = await openLocalStore(folder).openReader();
  const before = reader.searchChunkWords(['word7', 'word8', 'word9'], { limit: 99 });
  await writer.sweep();
  expect(segments(folder)).toBe(1);
  const after = await openLocalStore(folder).openReader();
  expect(after.searchChunkWords(['word7', 'word8', 'word9'], { limit: 99 })).toEqual(before);
  expect(reader.searchChunkWords(['word10'], { limit: 99 })).toEqual(
    after.searchChunkWords(['word10'], { limit: 99 }),
  );
  reader.close();
  after.close();
  await writer.close();
});
