import path from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreReader } from '#dist/lib/store/types.js';
import { file, randomNumbers, rowsOf, temporaryFolder, wordRules } from './fixtures.js';

const VOCABULARY =
  'river rivers dog bark upload uploading retry token cache shard parse commit naïve 丸 x'.split(' ');
const FILES = 60;
/** A term that more than half of the rows have adds a millionth, and is not counted. */
const DIGITS = 4;

describe('what a row scores', () => {
  let database: Database.Database;
  let reader: StoreReader;

  beforeAll(async () => {
    const folder = temporaryFolder();
    const random = randomNumbers(11);
    const pick = (count: number): number => Math.floor(random() * count);
    const store = openLocalStore(folder);
    const writer = await store.openWriter({ root: '/' });
    await writer.setWords(wordRules);
    const text = (): string =>
      Array.from({ length: 1 + pick(300) }, () => VOCABULARY[Math.min(pick(15), pick(15))]!).join(' ');
    writer.transaction(() => {
      for (let index = 0; index < FILES; index++)
        writer.putFile(...file(`deep/river-${index}.ts`, Array.from({ length: 1 + pick(5) }, text)));
    });
    for (let index = 0; index < FILES; index += 3) writer.removeFile(`deep/river-${index}.ts`);
    await writer.close();
    reader = await store.openReader();
    database = new Database(path.join(folder, 'index.db'), { readonly: true });
  });
  afterAll(() => {
    reader.close();
    database.close();
  });

  /** By SQLite's own function. */
  const byFts5 = (table: string, terms: readonly string[]): { id: number; score: number }[] =>
    database
      .prepare(
        `select rowid as id, -bm25(${table}) as score from ${table} where ${table} match ? order by score desc, rowid`,
      )
      .all(terms.map((term) => `"${term}"`).join(' OR ')) as { id: number; score: number }[];

  it.each([
    [['dog']],
    [['retrying', 'uploads']],
    [['rivers', 'cache', 'never', 'shards']],
    [['naive', '丸']],
    [['ts', 'deep', 'commit']],
    [VOCABULARY],
  ])('is what BM25 of FTS5 gives it, whatever was removed before: %j', (terms) => {
    const chunks = byFts5('chunk_words', terms);
    const found = rowsOf(reader.searchChunkWords(terms, { limit: 1_000 }));
    expect(found.length).toBeGreaterThan(10);
    const scores = new Map(chunks.map(({ id, score }) => [id, score]));
    expect(found).toHaveLength(chunks.length);
    for (const { id, score } of found) expect(score).toBeCloseTo(scores.get(id)!, DIGITS);
    expect(found.map(({ score }) => score)).toEqual(
      found.map(({ score }) => score).toSorted((a, b) => b - a),
    );

    const files = byFts5('file_words', terms);
    const foundFiles = rowsOf(reader.searchFileWords(terms, { limit: 1_000 }));
    const fileScores = new Map(files.map(({ id, score }) => [id, score]));
    expect(foundFiles).toHaveLength(files.length);
    for (const { id, score } of foundFiles) expect(score).toBeCloseTo(fileScores.get(id)!, DIGITS);
  });

  it('so it is where a term stands in very many places', async () => {
    const folder = temporaryFolder();
    const store = openLocalStore(folder);
    const writer = await store.openWriter({ root: '/' });
    await writer.setWords(wordRules);
    for (let index = 0; index < 90; index++)
      writer.putFile(
        ...file(`${index}.ts`, [index % 3 === 0 ? 'self '.repeat(1_050 + index) : 'river dog', 'dog']),
      );
    await writer.close();
    const other = await store.openReader();
    const crowded = new Database(path.join(folder, 'index.db'), { readonly: true });
    const scores = new Map(
      crowded
        .prepare('select rowid, -bm25(chunk_words) from chunk_words where chunk_words match ?')
        .raw()
        .all('"self" OR "river"') as [number, number][],
    );
    const found = rowsOf(other.searchChunkWords(['self', 'river'], { limit: 1_000 }));
    expect(found).toHaveLength(90);
    for (const { id, score } of found) expect(score).toBeCloseTo(scores.get(id)!, DIGITS);
    other.close();
    crowded.close();
  });

  it('a limit leaves the best', () => {
    const all = rowsOf(reader.searchChunkWords(['dog', 'bark'], { limit: 1_000 }));
    expect(rowsOf(reader.searchChunkWords(['dog', 'bark'], { limit: 7 }))).toEqual(all.slice(0, 7));
  });
});
