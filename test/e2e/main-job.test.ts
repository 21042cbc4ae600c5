import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { addFiles, makeFolder, run, runJson, SMALL_PROJECT } from './cli.js';

describe('index and query', () => {
  test('a folder is indexed and asked in words that it does not contain, with nothing on stderr', async () => {
    verifies('quiet-when-well');
    const folder = makeFolder(SMALL_PROJECT);
    const indexed = await run(['index', folder]);
    expect(indexed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(indexed.stdout).toContain('all with vectors');

    const asked = await run(['query', 'a pet that chases rodents', '--path', folder, '--limit', '1']);
    expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked.stdout).toContain('guide.md');
    expect(asked.stdout).toContain('purrs');
  });

  test('the result of index has every field of the contract', async () => {
    verifies('one-json-document');
    const folder = makeFolder({ ...SMALL_PROJECT, 'logo.png': Buffer.from([0x89, 0x50, 0, 0, 1]) });
    const { exitCode, stderr, document } = await runJson(['index', folder]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(document).toMatchObject({
      ok: true,
      warnings: [],
      result: {
        root: folder,
        indexDir: path.join(folder, '.embed-search'),
        generation: expect.any(Number),
        model: {
          id: expect.stringContaining('MiniLM'),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          dimensions: 384,
        },
        files: { seen: 5, indexed: 4, unchanged: 0, removed: 0, skipped: 1 },
        skipped: [{ path: 'logo.png', reason: 'binary' }],
        chunks: { embedded: expect.any(Number), reused: 0, removed: 0, total: expect.any(Number) },
        quarantined: [],
        restarts: 0,
        seconds: expect.any(Number),
        memory: {
          host: {
            rssBytes: expect.any(Number),
            peakRssBytes: expect.any(Number),
            v8HeapUsedBytes: expect.any(Number),
            v8HeapTotalBytes: expect.any(Number),
            v8HeapLimitBytes: expect.any(Number),
            externalBytes: expect.any(Number),
          },
          embedder: {
            pid: expect.any(Number),
            state: 'ready',
            rssBytes: expect.any(Number),
            peakRssBytes: expect.any(Number),
            anonymousBytes: expect.any(Number),
            fileBackedBytes: expect.any(Number),
            modelFileBytes: 25_279_424,
          },
        },
      },
    });
    const { chunks } = document.result;
    expect(chunks.embedded).toBe(chunks.total);
    expect(chunks.withVectors).toBe(chunks.total);
  });

  test('the result of query has every field of the contract', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const { exitCode, stderr, document } = await runJson([
      'query',
      'retry a failed upload',
      '--path',
      folder,
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(document).toMatchObject({
      ok: true,
      warnings: [],
      result: {
        query: 'retry a failed upload',
        mode: 'hybrid',
        coverage: { chunks: expect.any(Number), withVectors: expect.any(Number) },
        confidence: expect.stringMatching(/^(high|medium|low)$/),
        milliseconds: expect.any(Number),
        memory: { host: { rssBytes: expect.any(Number) }, embedder: { pid: expect.any(Number) } },
      },
    });
    expect(document.result).not.toHaveProperty('degraded');
    expect(document.result.hits[0]).toMatchObject({
      rank: 1,
      score: expect.any(Number),
      path: 'src/upload.ts',
      startLine: expect.any(Number),
      endLine: expect.any(Number),
      language: 'typescript',
      symbol: 'retryUpload',
      snippet: expect.stringContaining('retryUpload'),
      scores: { vector: expect.any(Number), lexical: expect.any(Number) },
    });
    const scores = document.result.hits.map((hit: { score: number }) => hit.score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  test('a second run reads and embeds only what has changed', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const first = (await runJson(['index', folder])).document.result;
    const same = (await runJson(['index', folder])).document.result;
    expect(same).toMatchObject({
      files: { seen: 4, indexed: 0, unchanged: 4, removed: 0 },
      chunks: { embedded: 0, removed: 0, total: first.chunks.total },
      memory: { embedder: null },
    });

    writeFileSync(path.join(folder, 'src/sleep.ts'), 'export const nap = 1;\n');
    addFiles(folder, { 'docs/new.md': '# Gardening\n\nTomatoes want sun.\n' });
    const edited = (await runJson(['index', folder])).document.result;
    expect(edited).toMatchObject({ files: { seen: 5, indexed: 2, unchanged: 3 }, chunks: { embedded: 2 } });
    const asked = (await runJson(['query', 'growing vegetables', '--path', folder])).document.result;
    expect(asked.hits[0].path).toBe('docs/new.md');
  });

  test('a query from a folder below finds the index above, and hits are relative to its root', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const { document } = await runJson(['query', 'parse_config'], { cwd: path.join(folder, 'src') });
    expect(document.result.hits[0].path).toBe('src/parse_config.py');
  });

  test('--mode lexical starts no embedder', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const { document } = await runJson(['query', 'invoice reminder', '--path', folder, '--mode', 'lexical']);
    expect(document.result).toMatchObject({ mode: 'lexical', memory: { embedder: null } });
    expect(document.result.hits[0].path).toBe('docs/guide.md');
    expect(document.result.hits[0].scores).not.toHaveProperty('vector');
  });

  test('--glob and --lang choose before the ranking, --by file gives a file once', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const query = (...flags: string[]) => runJson(['query', 'retry upload', '--path', folder, ...flags]);
    const paths = ({ document }: Awaited<ReturnType<typeof query>>) =>
      document.result.hits.map((hit: { path: string }) => hit.path);
    expect(new Set(paths(await query('--lang', 'py')))).toEqual(new Set(['src/parse_config.py']));
    expect(new Set(paths(await query('--glob', 'docs/**')))).toEqual(new Set(['docs/guide.md']));
    const exact = await query('--mode', 'vector', '--exact', '--lang', 'py');
    expect(exact.document.result.exact).toBe(true);
    expect(paths(exact)).toEqual(paths(await query('--mode', 'vector', '--lang', 'py')));
    expect((await query('--mode', 'lexical', '--exact')).document.result).not.toHaveProperty('exact');
    const byFile = paths(await query('--by', 'file'));
    expect(byFile).toHaveLength(new Set(byFile).size);
  });

  test('--batch answers every line with a document, in order, by one embedder', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const asked = await run(['query', '--batch', '-', '--path', folder, '-k', '1'], {
      input: 'retry upload\n\nread settings\n',
    });
    const lines = asked.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(asked.exitCode).toBe(7);
    expect(lines.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(lines[1].error.code).toBe('QUERY_EMPTY');
    expect(lines[2].result.hits[0].path).toBe('src/parse_config.py');
    expect(lines[0].result.memory.embedder.pid).toBe(lines[2].result.memory.embedder.pid);
  });

  test('a query longer than the model takes is answered by its windows and all its words', async () => {
    verifies('long-query-whole');
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const weather = 'the weather is fine today and nothing else happens. '.repeat(60);
    const pets = 'kittens purr and chase mice in the dark. '.repeat(60);
    const ask = async (mode: string) =>
      (await runJson(['query', weather + pets, '--path', folder, '--mode', mode])).document.result.hits[0];
    expect(await ask('vector')).toMatchObject({
      path: 'docs/guide.md',
      snippet: expect.stringContaining('cat'),
    });
    expect(await ask('lexical')).toMatchObject({
      path: 'docs/guide.md',
      snippet: expect.stringContaining('cat'),
    });
  });

  test('--context shows the lines around a snippet', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const { document } = await runJson(['query', 'invoice', '--path', folder, '-k', '1', '--context', '100']);
    expect(document.result.hits[0]).toMatchObject({ snippetStartLine: 1 });
    expect(document.result.hits[0].snippet).toContain('# Guide');
  });

  test('the index is private and keeps itself out of git', async () => {
    verifies('index-is-private');
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    expect(statSync(path.join(folder, '.embed-search')).mode & 0o777).toBe(0o700);
  });
});

describe('any text', () => {
  test.each([
    'AND OR NOT',
    '"',
    'the of and',
    'a* ^b NEAR(c d)',
    '🚀',
    'select * from t; --',
    '한국어 질문',
    'a\u0001b',
    '-',
  ])('%j is a query', async (text) => {
    verifies('any-text-is-a-query');
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    expect(await run(['query', '--path', folder, '--', text])).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test('nothing found is exit 0, no hits and a sentence', async () => {
    verifies('nothing-found-is-no-error');
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const args = ['query', 'xylophone', '--path', folder, '--mode', 'lexical'];
    expect(await run(args)).toEqual({ exitCode: 0, stdout: 'Nothing found.', stderr: '' });
    expect((await run([...args, '--glob', '*.zig', '--min-score', '0.5'])).stdout).toBe(
      'Nothing found. There may be something without --glob *.zig, --min-score 0.5.',
    );
    expect((await runJson(args)).document).toMatchObject({
      ok: true,
      result: { hits: [], confidence: 'low' },
    });
  });
});

describe('status', () => {
  test('status says what is indexed and how far the files have moved on', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    addFiles(folder, { 'src/more.ts': 'export const more = 1;\n', 'docs/guide.md': '# Other\n' });
    const { exitCode, stderr, document } = await runJson(['status', '--path', folder]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(document.result).toMatchObject({
      root: folder,
      files: 4,
      model: { dimensions: 384 },
      lastRun: { outcome: 'done' },
      stale: { changed: 1, added: 1, removed: 0 },
      bytes: { total: expect.any(Number) },
    });
    expect(document.result.coverage.withVectors).toBe(document.result.coverage.chunks);
    const text = await run(['status', '--path', folder]);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toContain('1 file changed, 1 new');
  });
});
