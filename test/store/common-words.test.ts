import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreReader } from '#dist/lib/store/types.js';
import { mostScoredOf } from '#dist/lib/store/word-terms.js';
import { file, rowsOf, wordRules } from './fixtures.js';

const FILES = 700;
const CHUNKS_A_FILE = 20;

/** `often` in every other chunk, `third` in every third, `fourth` in every fourth, `usual` in each, `seldom` in 2 of 10, `once` in one. */
const textOf = (chunk: number): string =>
  [
    'usual',
    chunk % 2 === 0 ? 'often '.repeat(1 + (chunk % 6)) : 'else',
    chunk % 3 === 0 ? 'third '.repeat(1 + (chunk % 5)) : '',
    chunk % 4 === 0 ? 'fourth '.repeat(1 + (chunk % 5)) : '',
    chunk % 10 < 2 ? 'seldom' : 'more of it',
    chunk === 4242 ? 'once' : '',
    chunk < (FILES * CHUNKS_A_FILE) / 2 ? 'early' : '',
  ].join(' ');

describe('words of an index in which some are nearly everywhere', () => {
  let folder: string;
  let reader: StoreReader;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'embed-search-words-'));
    const store = openLocalStore(folder);
    const writer = await store.openWriter({ root: '/' });
    await writer.setWords(wordRules);
    writer.transaction(() => {
      for (let index = 0; index < FILES; index++)
        writer.putFile(
          ...file(
            `${index === 7 ? 'few' : 'many'}/${index}.ts`,
            Array.from({ length: CHUNKS_A_FILE }, (_, chunk) => textOf(index * CHUNKS_A_FILE + chunk)),
          ),
        );
    });
    await writer.close();
    reader = await store.openReader();
  });
  afterAll(() => {
    reader.close();
    rmSync(folder, { recursive: true });
  });

  const textsFor = (terms: string[], limit: number): string[] =>
    reader.chunks([...reader.searchChunkWords(terms, { limit }).ids]).map(({ text }) => text);

  it('the rarest terms say what is found, the others still count', () => {
    const [first] = reader.searchChunkWords(['usual', 'often', 'once'], { limit: 1 }).ids;
    expect(reader.chunks([first!])[0]!.text).toContain('once');
    // 2,800 chunks have the rarer term, so nothing else is looked at.
    const texts = textsFor(['often', 'seldom', 'usual'], 1000);
    expect(texts).toHaveLength(1000);
    for (const text of texts) expect(text).toContain('seldom');
  });

  it('how often a word stands is counted, and estimated where it is nearly everywhere', () => {
    expect(['never', 'once'].map((term) => reader.documentFrequency(term))).toEqual([0, 1]);
    expect(reader.documentFrequency('seldom') / 2800).toBeCloseTo(1, 2);
    const chunks = FILES * CHUNKS_A_FILE;
    expect(reader.documentFrequency('often') / (chunks / 2)).toBeCloseTo(1, 1);
    expect(reader.documentFrequency('usual')).toBe(chunks);
    // At home in the first half of the files, where every other chunk has it.
    expect(reader.documentFrequency('early') / (chunks / 2)).toBeLessThan(1.3);
  });

  it('so many rows are scored as can be asked for, whatever the size of the index', () => {
    expect([0, 10_000, 100_000, 500_010, 999_999].map(mostScoredOf)).toEqual([
      2_000, 2_000, 4_110, 9_192, 12_999,
    ]);
  });

  const scoresFor = (terms: string[], limit: number): Map<number, number> =>
    new Map(rowsOf(reader.searchChunkWords(terms, { limit })).map(({ id, score }) => [id, score]));

  it('scores are those of all terms', () => {
    const both = scoresFor(['seldom', 'fourth', 'usual'], 50);
    expect(Math.max(...both.values())).toBeGreaterThan(1 + Math.max(...scoresFor(['seldom'], 50).values()));
    // More hits than the rarer term has: now every term brings in rows of its own, with the same scores.
    const everything = scoresFor(['seldom', 'fourth', 'usual'], FILES * CHUNKS_A_FILE);
    expect(everything.size).toBe(FILES * CHUNKS_A_FILE);
    for (const [id, score] of both) expect(score).toBeCloseTo(everything.get(id)!, 4);
  });

  it('of a term that very many have it counts how often it stands there', () => {
    const alone = scoresFor(['seldom'], 2800);
    const both = scoresFor(['seldom', 'third'], 2800);
    const gains = [...both].map(([id, score]) => score - alone.get(id)!).filter((gain) => gain > 0.3);
    expect(both.size).toBe(2800);
    expect(gains).toHaveLength(933);
    expect(Math.max(...gains)).toBeGreaterThan(1.2 * Math.min(...gains));
  });

  it('a term that is everywhere is found when it is alone, and behind a filter that leaves nothing else', () => {
    expect(textsFor(['usual'], 5)).toHaveLength(5);
    expect(textsFor(['usual', 'never'], 5)).toHaveLength(5);
    const filter = { accepts: (name: string) => name.startsWith('few/') };
    const inFew = reader.searchChunkWords(['once', 'seldom', 'usual'], { limit: 100, filter }).ids;
    expect(inFew).toHaveLength(CHUNKS_A_FILE);
  });

  it('so is the rarest of several that are everywhere', () => {
    for (const text of textsFor(['usual', 'often'], 10)) expect(text).toContain('often');
  });
});

it('behind a filter that leaves few rows any of the terms finds, also the most common of many', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'embed-search-words-'));
  try {
    const store = openLocalStore(folder);
    const writer = await store.openWriter({ root: '/' });
    await writer.setWords(wordRules);
    const common = Array.from({ length: 12 }, (_, index) => `common${index}`);
    writer.transaction(() => {
      for (let index = 0; index < 30; index++) {
        const text = index === 7 ? 'common11' : common.join(' ');
        const texts = Array.from({ length: 100 }, (_, chunk) => `${text} ${index}x${chunk}`);
        writer.putFile(...file(`${index}.ts`, texts));
      }
    });
    await writer.close();
    const reader = await store.openReader();
    const filter = { accepts: (name: string) => name === '7.ts' };
    expect(reader.searchChunkWords(['3x3', ...common], { limit: 200, filter }).ids).toHaveLength(100);
    reader.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
