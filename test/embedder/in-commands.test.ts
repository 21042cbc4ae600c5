import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { cleanEnvironment, makeFolder, run, runJson, SMALL_PROJECT, start } from '../e2e/cli.js';
import { contents } from '../e2e/contents.js';
import { childrenOf, eventually } from '../e2e/processes.js';
import { paragraphs } from '../e2e/prose.js';
import { verifies } from '../house/promises.js';
import { shippedModel } from './models.js';
import { withEmbedder } from './with-embedder.js';

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

  it('is named also where there is no other', async () => {
    const folder = makeFolder({ 'bad.txt': 'POISON for the embedder\n' });
    const { exitCode, document } = await runJson(['index', folder], withEmbedder('poisoned'));
    expect(exitCode).toBe(7);
    expect(document.result.quarantined).toMatchObject([{ path: 'bad.txt' }]);
    expect(document.result.chunks).toMatchObject({ total: 1, withVectors: 0 });
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

describe('a chunk that was quarantined', () => {
  it('is tried again by the next run where somebody killed the embedder', async () => {
    const folder = makeFolder({ ...SMALL_PROJECT, 'bad.txt': 'first line\nPOISON for the embedder\n' });
    const killed = await runJson(['index', folder], withEmbedder('killed'));
    expect(killed).toMatchObject({
      exitCode: 7,
      document: { result: { quarantined: [{ path: 'bad.txt' }] } },
    });
    const again = await runJson(['index', folder], withEmbedder('killed'));
    expect(again).toMatchObject({
      exitCode: 7,
      document: { result: { quarantined: [{ path: 'bad.txt' }] } },
    });
    expect(again.document.result.restarts).toBeGreaterThan(0);
    const undisturbed = await runJson(['index', folder], withEmbedder('echo'));
    expect(undisturbed).toMatchObject({
      exitCode: 0,
      document: { result: { quarantined: [], chunks: { embedded: 1 } } },
    });
  });

  it('keeps no other from its vector, however many of them there are', async () => {
    const bad = Array.from({ length: 25 }, (_, index) => [`${index}.txt`, `POISON ${index}\n`]);
    const good = Array.from({ length: 25 }, (_, index) => [`${index}.md`, `good ${index}\n`]);
    const folder = makeFolder(Object.fromEntries(bad.flatMap((file, index) => [good[index]!, file])));
    await run(['index', folder], withEmbedder('killed'));
    writeFileSync(path.join(folder, 'new.md'), 'another one\n');
    for (const embedded of [1, 0]) {
      const { exitCode, document } = await runJson(['index', folder], withEmbedder('killed'));
      expect(exitCode).toBe(7);
      expect(document.result.chunks).toMatchObject({ total: 51, withVectors: 26, embedded });
      expect(document.result.quarantined).toHaveLength(25);
    }
  });

  it('is tried again with another model', async () => {
    const folder = makeFolder({ ...SMALL_PROJECT, 'bad.txt': 'first line\nPOISON for the embedder\n' });
    await run(['index', folder], withEmbedder('poisoned'));
    const other = path.join(folder, 'other.gguf');
    const bytes = readFileSync(shippedModel().path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(other, bytes);
    const { exitCode, document } = await runJson(
      ['index', folder, '--rebuild', '--model', other],
      withEmbedder('echo'),
    );
    expect({ exitCode, error: document.error }).toEqual({ exitCode: 0, error: undefined });
    expect(document.result.quarantined).toEqual([]);
    expect(document.result.chunks.withVectors).toBe(document.result.chunks.total);
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

describe('a question that is asked again', () => {
  it('is not embedded again, and gets the same answer', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder], withEmbedder('echo'));
    const notes = path.join(makeFolder(), 'notes');
    const options = withEmbedder('notes-texts', {}, { NOTES_FILE: notes });
    const input = 'retry upload\nhow do cats hunt\nretry upload\nretry upload\n';
    const asked = await run(['query', '--batch', '-', '--path', folder], { ...options, input });
    const answers = asked.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { result: { hits: unknown } }).result.hits);
    expect(answers).toHaveLength(4);
    expect(answers[2]).toEqual(answers[0]);
    expect(answers[3]).toEqual(answers[0]);
    expect(readFileSync(notes, 'utf8').trim().split('\n')).toEqual(['"retry upload"', '"how do cats hunt"']);
  });
});

describe('EMBED_SEARCH_IDLE_SECONDS', () => {
  it('unloads an embedder that has nothing to do, and the next question starts another one', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder], withEmbedder('echo'));
    const options = withEmbedder('echo', {}, { EMBED_SEARCH_IDLE_SECONDS: '0.3' });
    const asking = start(['query', '--batch', '-', '--path', folder], { ...options, stdin: 'pipe' });
    const lines = createInterface({ input: asking.stdout! })[Symbol.asyncIterator]();
    const ask = async (question: string) => {
      asking.stdin!.write(`${question}\n`);
      const answer = JSON.parse((await lines.next()).value as string) as { ok: boolean; result: object };
      expect(answer.ok).toBe(true);
      expect(answer.result).not.toHaveProperty('degraded');
    };
    await ask('retry upload');
    const [first] = childrenOf(asking.pid!);
    expect(first).toBeGreaterThan(0);
    await eventually(() => childrenOf(asking.pid!).length === 0);
    await ask('how do cats hunt');
    const [second] = childrenOf(asking.pid!);
    expect(second).toBeGreaterThan(0);
    expect(second).not.toBe(first);
    asking.stdin!.end();
    expect(await asking).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('--max-embedder-memory', () => {
  it('recycles the real embedder between batches, which costs no restart and changes nothing of the index', async () => {
    const files = { 'long.txt': paragraphs(30) };
    const [folder, undisturbed] = [makeFolder(files), makeFolder(files)];
    await run(['index', undisturbed]);
    const limits = JSON.stringify({ limits: { memoryCheckMs: 0 } });
    const env = { ...cleanEnvironment(), NODE_ENV: 'test', EMBED_SEARCH_TEST_EMBEDDER: limits };
    const running = start(['index', folder, '--lanes', '2', '--max-embedder-memory', '8MB', '--json'], {
      env,
    });
    const embedders = new Set<number>();
    const watch = setInterval(() => childrenOf(running.pid!).forEach((pid) => embedders.add(pid)), 10);
    const { exitCode, stdout } = await running;
    clearInterval(watch);
    expect(exitCode).toBe(0);
    expect(embedders.size).toBeGreaterThan(1);
    const { result } = JSON.parse(String(stdout)) as { result: { restarts: number } };
    expect(result.restarts).toBe(0);
    expect(await contents(folder)).toEqual(await contents(undisturbed));
  });

  it('takes no number that is none', async () => {
    const ran = await run(['index', '--max-embedder-memory', 'much']);
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--max-embedder-memory') });
  });
});
