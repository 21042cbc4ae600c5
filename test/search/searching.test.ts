import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { indexFolder, type OpenIndex, openIndex } from '#dist/index.js';
import { addFiles, makeFolder, run, SMALL_PROJECT } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';

const PROJECT = {
  ...SMALL_PROJECT,
  'src/upload.test.ts': `import { retryUpload } from './upload.js';

it('retries a failed upload and waits longer each time', async () => {
  await retryUpload(new File([], 'a'), 3);
});
`,
};

const RETRY = `/** Calls work again after a failure, each time after a longer wait. */
export async function retryWithBackoff(work, attempts) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === attempts) throw error;
      await sleep(100 * 2 ** attempt);
    }
  }
}
`;

let root = '';
let index: OpenIndex;
beforeAll(async () => {
  root = mkdtempSync(path.join(os.tmpdir(), 'embed-search-test-'));
  addFiles(root, PROJECT);
  const { error } = await indexFolder({ root });
  if (error) throw error;
  index = await openIndex(root);
});
afterAll(async () => {
  await index.close();
  rmSync(root, { recursive: true, force: true });
});

const paths = async (text: string, more: object = {}) =>
  (await index.search({ text, ...more })).hits.map((hit) => hit.path);

describe('a search', () => {
  it('puts what is defined before its test, and the test first where tests are asked for', async () => {
    expect((await paths('retryUpload'))[0]).toBe('src/upload.ts');
    expect((await paths('retry a failed upload'))[0]).toBe('src/upload.ts');
    expect((await paths('test that a failed upload is retried'))[0]).toBe('src/upload.test.ts');
  });

  it('is steered by what stands in the query', async () => {
    expect(new Set(await paths('upload a file lang:python'))).toEqual(new Set(['src/parse_config.py']));
    expect(new Set(await paths('a file path:docs'))).toEqual(new Set(['docs/guide.md']));
    expect((await paths('wait before a file is sent again -sleep')).at(-1)).toMatch(
      /src\/(upload|sleep)\.ts/,
    );
    // No file is below this folder: then it is a word like another.
    expect(await paths('retryUpload path:/no/such/folder')).not.toEqual([]);
  });

  it('says how a query was understood and what its scores are made of, only where asked', async () => {
    const { hits, understood } = await index.search({
      text: 'where is `retryUpload` lang:ts',
      explain: true,
    });
    expect(understood).toMatchObject({ kind: 'sentence', names: ['retryupload'], languages: ['typescript'] });
    expect(hits[0]!.scores.parts!.definition).toBeGreaterThan(0);
    const plain = await index.search({ text: 'retryUpload' });
    expect(plain).not.toHaveProperty('understood');
    expect(plain.hits[0]!.scores).not.toHaveProperty('parts');
  });

  it('knows which of the words a chunk has: rare ones for more than common ones, and those that are nowhere', async () => {
    const shareOf = async (text: string) =>
      (await index.search({ text, explain: true })).hits.find(({ path: file }) => file === 'src/upload.ts')!
        .scores.parts!.wordShare;
    const all = await shareOf('attempt upload');
    const withUnknown = await shareOf('attempt upload phylogenetic');
    const withUnknownAndRest = await shareOf('upload phylogenetic');
    expect(all).toBeGreaterThan(withUnknown);
    expect(withUnknown).toBeGreaterThan(withUnknownAndRest);
    expect(withUnknownAndRest).toBeLessThan(all / 2); // half of the words, and the one that tells less
  });

  it('has one hit a file with by: file', async () => {
    const found = await paths('the', { by: 'file' });
    expect(new Set(found).size).toBe(found.length);
  });

  it('has scores that fall with the rank, from 1 to 0, and leaves out what is below the least that is asked for', async () => {
    for (const text of [
      'retryUpload',
      'when is an invoice due',
      'quantum chromodynamics',
      'settings -json',
    ]) {
      const scores = (await index.search({ text, limit: 50 })).hits.map((hit) => hit.score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      for (const score of scores) expect(score >= 0 && score <= 1, `${text}: ${score}`).toBe(true);
      const least = scores[1]!;
      const kept = (await index.search({ text, limit: 50, minScore: least })).hits.map((hit) => hit.score);
      expect(kept).toEqual(scores.filter((score) => score >= least));
    }
  });

  it('names the copies of a hit also where they alone would score too little', async () => {
    const folder = makeFolder({ 'retry.js': RETRY, 'vendor/z/copy.js': RETRY, 'other.md': '# Bread\n' });
    const { error } = await indexFolder({ root: folder });
    expect(error).toBeNull();
    const copied = await openIndex(folder);
    try {
      const text = 'retry with exponential backoff';
      const [hit] = (await copied.search({ text })).hits;
      expect(hit!.duplicates).toMatchObject([{ path: 'vendor/z/copy.js' }]);
      expect((await copied.search({ text, minScore: hit!.score })).hits).toEqual([hit]);
    } finally {
      await copied.close();
    }
  });

  it('says with its score and its confidence that nothing fits', async () => {
    verifies('nothing-fits-is-said');
    const fits = await index.search({ text: 'send a file again after a failure' });
    const not = await index.search({ text: 'phylogenetic trees of marine bacteria' });
    expect(not.confidence).toBe('low');
    expect(fits.confidence).not.toBe('low');
    expect(not.hits[0]!.score).toBeLessThan(fits.hits[0]!.score / 2);
  });
});

describe('any text is a query', () => {
  test.each([
    ['10,000 words', 'the upload failed here: '.repeat(2500)],
    ['an emoji', '🙂'],
    ['SQL', `SELECT "a" FROM files WHERE name = 'x'; DROP TABLE chunks; --`],
    ['stop words', 'to be or not to be'],
    ['Korean', '업로드를 다시 시도하는 곳'],
    ['Arabic', 'أين تتم إعادة محاولة التحميل'],
    ['NUL and control characters', 'retry\u0000Upload\u001b[31m \u0007 file'],
    ['an unpaired surrogate', 'upload \ud83d file'],
    ['syntax of FTS5', 'NEAR("a" b) OR (title:*) AND NOT ^c'],
    ['only operators', 'lang:ts path:src'],
    ['quotes', '"" " """ \'"'],
  ])('%s', async (_name, text) => {
    // That all windows of a long query are embedded is held elsewhere, with a shorter one.
    const modes = text.length > 20_000 ? (['lexical'] as const) : (['hybrid', 'lexical'] as const);
    for (const mode of modes) {
      const { hits, degraded } = await index.search({ text, mode });
      expect(degraded).toBeUndefined();
      for (const hit of hits) expect(Number.isFinite(hit.score)).toBe(true);
    }
  });

  it('but nothing but control characters is an empty one', async () => {
    await expect(index.search({ text: '\u0000\u0001 \u007f' })).rejects.toMatchObject({
      code: 'QUERY_EMPTY',
    });
  });
});

it('the command line explains, and refuses a score that is none', async () => {
  const folder = makeFolder(PROJECT);
  expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
  const explained = await run(['query', 'retryUpload lang:ts', '--explain', '--path', folder, '-k', '1']);
  expect(explained).toMatchObject({ exitCode: 0, stderr: '' });
  expect(explained.stdout).toMatch(
    /Understood as: name; names retryupload; in typescript\n[^]*vector \+0\.\d+ .*definition \+0\.\d+/,
  );
  const none = await run(['query', 'retryUpload', '--min-score', '1', '--path', folder]);
  expect(none).toMatchObject({
    exitCode: 0,
    stdout: 'Nothing found. There may be something without --min-score 1.',
  });
  for (const wrong of ['2', '-1', 'x', ''])
    expect(await run(['query', 'x', `--min-score=${wrong}`, '--path', folder])).toMatchObject({
      exitCode: 2,
    });
});
