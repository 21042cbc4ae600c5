import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { cleanEnvironment, makeFolder, run, runJson, SMALL_PROJECT, start } from '../e2e/cli.js';
import { paragraphs } from '../e2e/prose.js';
import { verifies } from '../house/promises.js';
import { standIn } from './models.js';

/** The environment of a command whose embedder is a stand-in program. */
function withEmbedder(program: string, limits: object = {}, more: Record<string, string> = {}) {
  const overrides = JSON.stringify({ childProgram: standIn(program), limits });
  return { env: { ...cleanEnvironment(), ...more, NODE_ENV: 'test', EMBED_SEARCH_TEST_EMBEDDER: overrides } };
}

describe('a chunk that ends every embedder', () => {
  const files = { ...SMALL_PROJECT, 'bad.txt': 'first line\nPOISON for the embedder\n' };

  it('is named by index and status, exits 7, and everything else has its vector', async () => {
    verifies('embedder-crash-spares-host');
    const folder = makeFolder(files);
    const { exitCode, document } = await runJson(['index', folder], withEmbedder('poisoned'));
    expect(exitCode).toBe(7);
    const { quarantined, chunks } = document.result;
    const reason = expect.stringContaining('was killed by SIGSEGV each time it got this text');
    expect(quarantined).toEqual([{ path: 'bad.txt', startLine: 1, endLine: 2, reason }]);
    expect(chunks.withVectors).toBe(chunks.total - 1);
    expect(document.error.message).toContain('bad.txt:1');
    const status = (await runJson(['status', '--path', folder])).document.result;
    expect(status.quarantined).toMatchObject([{ path: 'bad.txt', reason }]);
    expect((await run(['query', 'poison', '--path', folder, '--mode', 'lexical'])).stdout).toContain(
      'bad.txt',
    );
  });

  it('is left alone by the next runs, and tried again with another runtime', async () => {
    const folder = makeFolder(files);
    await run(['index', folder], withEmbedder('poisoned'));
    const again = await runJson(['index', folder], withEmbedder('echo'));
    expect(again).toMatchObject({ exitCode: 7, document: { result: { chunks: { embedded: 0 } } } });
    const other = await runJson(['index', folder, '--runtime', 'compat'], withEmbedder('echo'));
    expect(other).toMatchObject({
      exitCode: 0,
      document: { result: { quarantined: [], chunks: { embedded: 1 } } },
    });
  });
});

describe('an embedder that cannot be kept alive', () => {
  it('ends index with exit 5 and its last words; the words are committed', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const { exitCode, document } = await runJson(['index', folder], withEmbedder('exits-while-starting'));
    expect(exitCode).toBe(5);
    expect(document.error).toMatchObject({
      code: 'EMBEDDER_FAILED',
      message: expect.stringMatching(/exited with code 9 [^]*no library for this machine/),
    });
    expect(document.result.chunks.total).toBeGreaterThan(0);
    const found = await runJson(['query', 'retry upload', '--path', folder, '--mode', 'lexical']);
    expect(found.document.result.hits[0].path).toBe('src/upload.ts');
  });

  it('leaves query to the words, which says so and exits 0; --mode vector exits 5', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder], withEmbedder('echo'));
    const broken = withEmbedder('exits-while-starting');
    const asked = await run(['query', 'retry upload', '--path', folder], broken);
    expect(asked.exitCode).toBe(0);
    expect(asked.stdout).toContain('src/upload.ts');
    expect(asked.stderr.split('\n')[0]).toMatch(/^Words alone answered: The embedder exited with code 9/);
    const { exitCode, document } = await runJson(
      ['query', 'retry upload', '--path', folder, '--mode', 'vector'],
      broken,
    );
    expect(exitCode).toBe(5);
    expect(document.error.code).toBe('EMBEDDER_FAILED');
  });

  it('answers by meaning again in the same process once the fault is mended', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder], withEmbedder('echo'));
    const mended = path.join(folder, 'mended');
    const options = withEmbedder(
      'broken-until-mended',
      { restarts: 1, restartWindowMs: 1_000 },
      { MENDED_FILE: mended },
    );
    const asking = start(['query', '--batch', '-', '--path', folder], { ...options, stdin: 'pipe' });
    const lines = createInterface({ input: asking.stdout! })[Symbol.asyncIterator]();
    const ask = async () => {
      asking.stdin!.write('retry upload\n');
      return JSON.parse((await lines.next()).value as string) as {
        ok: boolean;
        result: { degraded?: { reason: string }; hits: { path: string }[] };
      };
    };
    const first = await ask();
    expect(first.ok).toBe(true);
    expect(first.result.degraded?.reason).toContain('exited with code 1');
    expect(first.result.hits[0]!.path).toBe('src/upload.ts');
    writeFileSync(mended, '');
    await delay(1_100);
    const second = await ask();
    expect(second.ok).toBe(true);
    expect(second.result.degraded).toBeUndefined();
    asking.stdin!.end();
    const { exitCode, stderr } = await asking;
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(/^Words alone answered: The embedder exited with code 1[^\n]*$/);
  });
});

describe('one signal for many texts', () => {
  it('makes no noise on stderr, however many there are', async () => {
    verifies('quiet-when-well');
    const folder = makeFolder({ 'long.txt': paragraphs(60) });
    const options = withEmbedder('echo');
    expect(await run(['index', folder], options)).toMatchObject({ exitCode: 0, stderr: '' });
    const questions = Array.from({ length: 40 }, (_, index) => `river stone ${index}`).join('\n');
    const asked = await run(['query', '--batch', '-', '--path', folder], { ...options, input: questions });
    expect(asked).toMatchObject({ exitCode: 0, stderr: '' });
    expect(asked.stdout.trim().split('\n')).toHaveLength(40);
  });
});

describe('--max-embedder-memory', () => {
  it('recycles the real embedder between batches and says so in nothing but its memory', async () => {
    const folder = makeFolder({ 'long.txt': paragraphs(12) });
    const limits = JSON.stringify({ limits: { memoryCheckMs: 0 } });
    const env = { ...cleanEnvironment(), NODE_ENV: 'test', EMBED_SEARCH_TEST_EMBEDDER: limits };
    const { exitCode, document } = await runJson(
      ['index', folder, '--lanes', '1', '--max-embedder-memory', '8MB'],
      { env },
    );
    expect(exitCode).toBe(0);
    const { chunks, restarts } = document.result;
    expect(chunks.withVectors).toBe(chunks.total);
    expect(restarts).toBe(0);
  });

  it('takes no number that is none', async () => {
    const ran = await run(['index', '--max-embedder-memory', 'much']);
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--max-embedder-memory') });
  });
});
