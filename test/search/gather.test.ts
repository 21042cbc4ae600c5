import { expect, it } from 'vitest';
import { gather, rangesOf, searchWords, WORD_CANDIDATES } from '#dist/lib/search/gather.js';
import { rank } from '#dist/lib/search/rank.js';
import { understandQuery } from '#dist/lib/search/understand.js';
import { weightsFor } from '#dist/lib/search/weights.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreReader } from '#dist/lib/store/types.js';
import { file, temporaryFolder, wordRules } from '../store/fixtures.js';

const TESTS = 300;
const LIMIT = 10;

/** 300 short chunks of tests that have the word, and 20 long ones of code, which stand behind all of them by words. */
async function indexOfTests(): Promise<string> {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  await writer.setWords(wordRules);
  writer.transaction(() => {
    for (let index = 0; index < TESTS; index++)
      writer.putFile(...file(`test/${index}.test.ts`, [`upload ${index}`]));
    for (let index = 0; index < 20; index++)
      writer.putFile(...file(`src/${index}.ts`, [`upload ${'and other words '.repeat(20)} ${index}`]));
  });
  await writer.close();
  return folder;
}

/** What is ranked by words alone for chunks that have `word`, in a folder with this share of code. */
function gathered(reader: StoreReader, text: string, word: string, codeShare = 1) {
  const query = understandQuery(text);
  const legs = { vectors: [], ...searchWords(reader, [word], WORD_CANDIDATES, undefined) };
  const weights = weightsFor('lexical', { ranking: true, vectorShare: undefined, codeShare });
  const candidates = gather(reader, query, legs, { weightOf: () => 1, weights, limit: LIMIT });
  return { candidates, ranked: rank(candidates, query, rangesOf(legs), weights) };
}

it('a word after a minus is one that a chunk may have in its name alone', async () => {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  await writer.setWords(wordRules);
  const [record, chunks] = file('src/a.ts', ['upload one', 'upload two']);
  writer.putFile(
    record,
    chunks.map((chunk, index) => (index === 0 ? { ...chunk, symbol: 'legacy' } : chunk)),
  );
  await writer.close();
  const reader = await openLocalStore(folder).openReader();
  try {
    const { candidates } = gathered(reader, 'upload the file -legacy', 'upload');
    expect(new Map(candidates.map(({ symbol, evidence }) => [symbol, evidence?.isExcluded]))).toEqual(
      new Map([
        ['legacy', true],
        [undefined, false],
      ]),
    );
  } finally {
    reader.close();
  }
});

it('what the folder is stands at the top of its README, whatever words are there', async () => {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  await writer.setWords(wordRules);
  writer.putFile(...file('README.md', ['Wombat', 'a burrow for packets', 'badges', 'licence']));
  writer.putFile(...file('lib/README.md', ['this project does this for the project']));
  writer.putFile(...file('src/a.ts', ['the project does what it is for']));
  await writer.close();
  const reader = await openLocalStore(folder).openReader();
  try {
    const { ranked } = gathered(reader, 'what does this project do', 'project');
    expect(ranked[0]!.candidate).toMatchObject({ path: 'README.md', startLine: 1 });
    expect(ranked.filter(({ candidate }) => candidate.path === 'README.md')).toHaveLength(3);
  } finally {
    reader.close();
  }
});

it('where tests are most of what has the words, code behind them is ranked too, unless tests are asked for', async () => {
  const reader = await openLocalStore(await indexOfTests()).openReader();
  try {
    const codeAmong = (text: string, codeShare: number): number => {
      const { candidates } = gathered(reader, text, 'upload', codeShare);
      for (const { words } of candidates) expect(words).toBeGreaterThan(0);
      return candidates.filter(({ path }) => path.startsWith('src/')).length;
    };
    expect(codeAmong('upload', 1)).toBe(20);
    expect(codeAmong('tests of upload', 1)).toBe(0);
    expect(codeAmong('upload', 0)).toBe(0);
  } finally {
    reader.close();
  }
});

it('of many that are as good, no more texts are read', async () => {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  await writer.setWords(wordRules);
  writer.transaction(() => {
    for (let index = 0; index < TESTS; index++) writer.putFile(...file(`src/${index}.ts`, ['upload']));
  });
  await writer.close();
  const reader = await openLocalStore(folder).openReader();
  try {
    const { candidates } = gathered(reader, 'upload', 'upload');
    expect(candidates.length).toBeGreaterThan(100);
    const read = candidates.filter(({ evidence }) => evidence !== undefined).length;
    expect(read).toBeGreaterThanOrEqual(40);
    expect(read).toBeLessThan(60);
  } finally {
    reader.close();
  }
});
