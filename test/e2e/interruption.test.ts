import { describe, expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { makeFolder, run, runJson, start } from './cli.js';
import { childrenOf, eventually, isAlive } from './processes.js';
import { paragraphs } from './prose.js';

/** Enough chunks that a run with one lane takes some seconds. */
function longRun(): string {
  return makeFolder({
    'marked.txt': 'The word zanzibar stands here and nowhere else.\n',
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, file) => [`note-${file}.txt`, paragraphs(15, file + 1)]),
    ),
  });
}

async function coverage(folder: string): Promise<{ chunks: number; withVectors: number }> {
  const { exitCode, document } = await runJson(['status', '--path', folder]);
  return exitCode === 0 ? document.result.coverage : { chunks: 0, withVectors: 0 };
}

describe.skipIf(process.platform !== 'linux')('an interrupted run', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGKILL', undefined],
  ] as const)('%s keeps what is done, leaves no embedder, and the next run goes on', async (signal, code) => {
    verifies('interruption-loses-little');
    verifies('no-orphan-embedder');
    const folder = longRun();
    const running = start(['index', folder, '--lanes', '1']);
    const host = running.pid!;
    await eventually(async () => (await coverage(folder)).withVectors > 0);
    const embedders = childrenOf(host);
    expect(embedders).toHaveLength(1);
    running.kill(signal);
    const { exitCode } = await running;
    expect(exitCode).toBe(code);
    await eventually(() => !embedders.some(isAlive), 2);

    const part = await coverage(folder);
    expect(part.withVectors).toBeGreaterThan(0);
    expect(part.withVectors).toBeLessThan(part.chunks);
    const asked = await run(['query', 'river stone morning', '--path', folder]);
    expect(asked.exitCode).toBe(0);
    expect(asked.stderr).toMatch(/^\d+ % of [\d,]+ chunks have vectors so far/);

    const { document } = await runJson(['index', folder]);
    expect(document).toMatchObject({ ok: true, result: { files: { indexed: 0 } } });
    const { chunks } = document.result;
    expect(chunks.withVectors).toBe(chunks.total);
    expect(chunks.embedded).toBeLessThanOrEqual(chunks.total - part.withVectors);
  });

  test('words are searchable before the first vector exists', async () => {
    verifies('words-first');
    const folder = longRun();
    const running = start(['index', folder, '--lanes', '1']);
    await eventually(async () => (await coverage(folder)).chunks > 0);
    const { document } = await runJson(['query', 'zanzibar', '--path', folder, '--mode', 'lexical']);
    expect(document.result.coverage.withVectors).toBeLessThan(document.result.coverage.chunks);
    expect(document.result.hits[0].path).toBe('marked.txt');
    running.kill('SIGINT');
    await running;
  });

  test('a second writer is turned away with exit 6 and the pid of the first', async () => {
    const folder = longRun();
    const running = start(['index', folder, '--lanes', '1']);
    await eventually(async () => (await coverage(folder)).chunks > 0);
    const { exitCode, document } = await runJson(['index', folder]);
    expect(exitCode).toBe(6);
    expect(document.error).toMatchObject({
      code: 'INDEX_LOCKED',
      message: expect.stringContaining(String(running.pid)),
    });
    running.kill('SIGINT');
    await running;
  });
});
