import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
function gathered(
  reader: StoreReader,
  text: string,
  word: string,
  { codeShare = 1, limit = LIMIT }: { codeShare?: number; limit?: number } = {},
) {
  const query = understandQuery(text);
  const legs = { vectors: [], ...searchWords(reader, [word], WORD_CANDIDATES, undefined) };
  const weights = weightsFor('lexical', { ranking: true, vectorShare: undefined, codeShare });
  const candidates = gather(reader, query, legs, { weightOf: () => 1, weights, limit });
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
    expect(new Map(candidates.map(({ symbol, isExcluded }) => [symbol, isExcluded]))).toEqual(
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
      const { candidates } = gathered(reader, text, 'upload', { codeShare });
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

it('what the nearest chunks score does not depend on how many hits are asked for', async () => {
  const folder = temporaryFolder();
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  await writer.setWords(wordRules);
  // Of what is further, most is of files that the nearest are of too, and a third of files whose name has a word of the query.
  writer.transaction(() => {
    for (let index = 0; index < 40; index++) {
      const chunks = Array.from({ length: 20 }, (_, at) => `upload ${'of a part '.repeat(at)} ${index}`);
      writer.putFile(...file(`src/${index}/${index % 3 === 0 ? 'upload' : 'other'}.ts`, chunks));
    }
  });
  await writer.close();
  const reader = await openLocalStore(folder).openReader();
  const ofTests = await openLocalStore(await indexOfTests()).openReader();
  try {
    expectSameScores(reader);
    expectSameScores(ofTests);
  } finally {
    reader.close();
    ofTests.close();
  }
});

function expectSameScores(reader: StoreReader): void {
  const scoresFor = (limit: number) => {
    const { ranked } = gathered(reader, 'upload the file', 'upload', { limit });
    return new Map(ranked.map(({ candidate, score }) => [candidate.chunkId, score]));
  };
  const [few, many] = [scoresFor(LIMIT), scoresFor(80)];
  expect(many.size).toBeGreaterThan(2 * few.size);
  for (const [chunkId, score] of few) expect(many.get(chunkId)).toBe(score);
}

describe('of which candidates texts are read', () => {
  /** Ids of chunks, one a file: 300 of tests, then 300 of sources. */
  let tests: number[];
  let sources: number[];
  let reader: StoreReader;

  beforeAll(async () => {
    const folder = temporaryFolder();
    const writer = await openLocalStore(folder).openWriter({ root: '/' });
    await writer.setWords(wordRules);
    writer.transaction(() => {
      for (const name of ['test/a', 'src/b'])
        for (let index = 0; index < 300; index++)
          writer.putFile(...file(`${name}${index}.ts`, [`upload ${name} ${index}`]));
    });
    await writer.close();
    reader = await openLocalStore(folder).openReader();
    const chunks = [...reader.files()].flatMap(({ id }) => [...reader.chunksOfFile(id)]);
    const idsIn = (start: string) => chunks.filter(({ path }) => path.startsWith(start)).map(({ id }) => id);
    tests = idsIn('test/');
    sources = idsIn('src/');
  });
  afterAll(() => reader.close());

  /** Which texts are read for hits in this order, the best first, each leg's scores falling evenly. */
  function candidatesFor(
    text: string,
    byVectors: readonly number[],
    byWords: readonly number[],
    { limit = LIMIT, scoreAt = (place: number) => 1 - place / 1_000 } = {},
  ) {
    const query = understandQuery(text);
    const legs = {
      vectors: byVectors.map((chunkId, place) => ({ chunkId, score: scoreAt(place) })),
      chunkWords: {
        ids: Float64Array.from(byWords),
        scores: Float64Array.from(byWords, (_id, place) => scoreAt(place)),
      },
      fileWords: { ids: new Float64Array(0), scores: new Float64Array(0) },
    };
    const weights = weightsFor('hybrid', { ranking: true, vectorShare: undefined, codeShare: 1 });
    return gather(reader, query, legs, { weightOf: () => 1, weights, limit });
  }
  const read = (...given: Parameters<typeof candidatesFor>) =>
    candidatesFor(...given)
      .filter(({ evidence }) => evidence !== undefined)
      .map(({ chunkId }) => chunkId);

  it('of many that are as good, of 50', () => {
    expect(read('upload a file', sources.slice(0, 100), [], { scoreAt: () => 1 })).toHaveLength(50);
  });

  it('of one in the middle of both legs before one at the top of neither', () => {
    const [both, ...others] = sources;
    const byVectors = [...others.slice(0, 70), both!, ...others.slice(70, 100)];
    const byWords = [...others.slice(100, 170), both!, ...others.slice(170, 199)];
    const ids = read('upload a file', byVectors, byWords);
    expect(ids).toContain(both);
    expect(ids.length).toBeLessThan(60);
  });

  it('of the three best by words, whatever they are: they say what words are worth', () => {
    const ids = read('upload a file', [], [...tests.slice(0, 5), ...sources.slice(0, 115)]);
    expect(ids).toEqual(expect.arrayContaining(tests.slice(0, 3)));
    expect(ids).not.toContain(tests[4]);
  });

  it('of no more where more hits are asked for: what a hit scores does not depend on it', () => {
    // Those in both legs are the best of all, but not among the nearest.
    const both = sources.slice(200, 300);
    const legs = [
      [...sources.slice(0, 100), ...both],
      [...sources.slice(100, 200), ...both],
    ] as const;
    expect(read('upload a file', ...legs, { limit: 100 })).toEqual(read('upload a file', ...legs));
  });

  it('of no others where no hit may have a word, but all that have it are known', () => {
    const legs = [sources.slice(0, 100), [...tests.slice(0, 50), ...sources.slice(150, 200)]] as const;
    const isOfTest = ({ path }: { path: string }) => path.startsWith('test/');
    const candidates = candidatesFor('upload a file -test', ...legs);
    expect(candidates.filter(isOfTest)).toHaveLength(50);
    expect(candidates.filter(({ isExcluded }) => isExcluded)).toEqual(candidates.filter(isOfTest));
    expect(read('upload a file -test', ...legs)).toEqual(read('upload a file', ...legs));
  });

  it('of the best by words, where they may have a phrase', () => {
    const byWords = sources.slice(150, 270);
    expect(read('upload "a large file"', sources.slice(0, 120), byWords)).toEqual(
      expect.arrayContaining(byWords.slice(0, 50)),
    );
  });
});
