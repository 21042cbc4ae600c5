import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openIndex, type SimilarRequest } from '#dist/index.js';
import { withEmbedder } from '../embedder/with-embedder.js';
import { verifies } from '../house/promises.js';
import { makeFolder, run, runJson, SMALL_PROJECT } from './cli.js';

const upload = SMALL_PROJECT['src/upload.ts']!;

/** The same function three times, once as another editor writes it, beside a relative of it and unrelated files. */
const WITH_COPIES = {
  ...SMALL_PROJECT,
  'packages/mail/upload.ts': upload,
  'packages/chat/upload.ts': upload.replaceAll('  ', '\t').replaceAll('\n', '\r\n'),
  'src/download.ts': `/** Fetches a file again after a failure, with growing pauses. */
export async function fetchAgain(address: string, most = 4): Promise<Response> {
  for (let round = 0; ; round++) {
    const response = await fetch(address);
    if (response.ok || round === most) return response;
    await pause(50 * 2 ** round);
  }
}
`,
};

describe('copies of a file', () => {
  test('are one hit that names the others, in every mode', async () => {
    verifies('copies-are-one-hit');
    const folder = makeFolder(WITH_COPIES);
    await run(['index', folder]);
    const index = await openIndex(folder);
    onTestFinished(() => index.close());
    for (const mode of ['hybrid', 'vector', 'lexical'] as const) {
      for (const by of ['chunk', 'file'] as const) {
        const { hits } = await index.search({ text: 'retry a failed upload', mode, by });
        const copies = hits.filter((hit) => hit.path.endsWith('upload.ts'));
        expect(copies).toHaveLength(1);
        const { path: first, startLine, duplicates = [] } = copies[0]!;
        expect(new Set([first, ...duplicates.map((place) => place.path)])).toEqual(
          new Set(['packages/chat/upload.ts', 'packages/mail/upload.ts', 'src/upload.ts']),
        );
        expect(duplicates[0]).toMatchObject({ startLine });
        expect(hits.map(({ rank }) => rank)).toEqual(hits.map((_, at) => at + 1));
      }
    }
    const forPeople = await run(['query', 'retry a failed upload', '-k', '1', '--path', folder], {
      cwd: folder,
    });
    expect(forPeople.stdout).toMatch(/also in 2 files: \S+upload\.ts:\d+, \S+upload\.ts:\d+\n/);
  });
});

describe('query --like', () => {
  test('answers from the stored vector, also where no embedder can start', async () => {
    verifies('like-needs-no-embedder');
    const folder = makeFolder(WITH_COPIES);
    await run(['index', folder]);
    const broken = { ...withEmbedder('exits-while-starting'), cwd: path.join(folder, 'src') };
    const { exitCode, stderr, document } = await runJson(
      ['query', '--like', 'upload.ts:6', '--mode', 'vector'],
      broken,
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const { result } = document;
    expect(result).toMatchObject({ query: 'src/upload.ts:6', mode: 'vector', memory: { embedder: null } });
    expect(result.like).toMatchObject({ path: 'src/upload.ts', symbol: 'retryUpload' });
    expect(new Set(result.like.duplicates.map((place: { path: string }) => place.path))).toEqual(
      new Set(['packages/chat/upload.ts', 'packages/mail/upload.ts']),
    );
    expect(result.hits[0]).toMatchObject({
      rank: 1,
      path: 'src/download.ts',
      scores: { vector: expect.any(Number) },
    });
    expect(result.hits.map((hit: { path: string }) => hit.path)).not.toContain('packages/mail/upload.ts');

    const forPeople = await run(['query', '--like', 'src/upload.ts:6', '-k', '1'], {
      ...broken,
      cwd: folder,
    });
    expect(forPeople.stdout).toMatch(/^Like src\/upload\.ts:\d+-\d+ {2}retryUpload {2}also in 2 files: /);
    expect(forPeople.stdout).toContain('src/download.ts:');
  });

  test('answers from words where the passage has no vector yet, and says so', async () => {
    const folder = makeFolder(WITH_COPIES);
    const broken = withEmbedder('exits-while-starting');
    expect((await run(['index', folder], broken)).exitCode).toBe(5);
    const asked = await run(['query', '--like', 'src/upload.ts:6', '--path', folder], broken);
    expect(asked.exitCode).toBe(0);
    expect(asked.stdout).toContain('download.ts');
    expect(asked.stderr).toMatch(/^Words alone answered: src\/upload\.ts:\d+ has no vector yet\.$/);
    const vector = await runJson(
      ['query', '--like', 'src/upload.ts:6', '--mode', 'vector', '--path', folder],
      broken,
    );
    expect(vector.document).toMatchObject({ ok: false, error: { code: 'EMBEDDER_FAILED' } });
    const lexical = await runJson([
      'query',
      '--like',
      'src/upload.ts:6',
      '--mode',
      'lexical',
      '--path',
      folder,
    ]);
    expect(lexical.document.result.degraded).toBeUndefined();
    const { scores } = lexical.document.result.hits[0];
    expect(Object.keys(scores)).toEqual(['lexical']);
    expect(scores.lexical).toBeLessThan(1);
  });

  test('says what is wrong with a place that is none, with exit 2', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder], withEmbedder('echo'));
    for (const [args, sentence] of [
      [['--like', 'src/upload.ts:400'], /src\/upload\.ts has no line 400: its indexed text ends at \d+\./],
      [['--like', 'src/nowhere.ts:1'], /src\/nowhere\.ts is not in the index\./],
      [['retry', '--like', 'src/upload.ts:6'], /A query and --like do not go together\./],
    ] as const) {
      const { exitCode, stdout, stderr } = await run(['query', ...args], { cwd: folder });
      expect({ args, exitCode, stdout }).toEqual({ args, exitCode: 2, stdout: '' });
      expect(stderr).toMatch(sentence);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
  });
});

test('similar() of the library takes a place as hits name it, and keeps to filters, limit and files', async () => {
  const folder = makeFolder(WITH_COPIES);
  await run(['index', folder]);
  const index = await openIndex(folder);
  onTestFinished(() => index.close());
  const [best] = (await index.search({ text: 'retry a failed upload', limit: 1 })).hits;
  const place = { path: best!.path, line: best!.startLine };
  const like = async (request: Partial<SimilarRequest>) =>
    (await index.similar({ ...place, ...request })).hits.map((hit) => hit.path);
  expect((await index.similar(place)).like?.path).toBe(best!.path);
  expect(await like({ limit: 1 })).toEqual(['src/download.ts']);
  expect(new Set(await like({ globs: ['docs/**'] }))).toEqual(new Set(['docs/guide.md']));
  expect(new Set(await like({ languages: ['python'] }))).toEqual(new Set(['src/parse_config.py']));
  const files = await like({ by: 'file' });
  expect(new Set(files).size).toBe(files.length);
  expect(files).not.toContain(best!.path);
  for (const wrong of [{ line: 1.5 }, { line: 0 }, { limit: 0 }, { mode: 'odd' as never }]) {
    await expect(index.similar({ ...place, ...wrong })).rejects.toMatchObject({ code: 'USAGE' });
  }
});
