import { copyFileSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';
import type { SupervisionLimits } from '#dist/lib/embedder/limits.js';
import { makeFolder, runJson, start } from '../e2e/cli.js';
import { eventually } from '../e2e/processes.js';
import { paragraphs } from '../e2e/prose.js';
import { shippedModel, standIn } from '../embedder/models.js';
import { CGROUP_PARENT, makeCgroup } from './cgroup.js';
import { contents } from '../e2e/contents.js';

const model = shippedModel();

describe('a child that misbehaves is named within its deadline and 2 s', () => {
  const limits: Partial<SupervisionLimits> = {
    heartbeatMs: 100,
    missedHeartbeats: 20,
    stallMs: 3_000,
    startMs: 3_000,
    restarts: 0,
  };

  test.each([
    ['do stop', 2_000, 'gave no sign of life'],
    ['do spin', 2_000, 'gave no sign of life'],
    ['do hang', 3_000, 'made no progress'],
    ['do shout', 0, 'exited with code 4'],
    ['do garbage', 0, 'broke the protocol'],
    ['do oversize', 0, 'broke the protocol'],
    ['do flood', 0, 'broke the protocol'],
    ['do close', 0, 'closed its channel'],
    ['do exit 3', 0, 'exited with code 3'],
    ['do kill SIGSEGV', 0, 'was killed by SIGSEGV'],
  ])('%s', async (order, deadline, what) => {
    const embedder = createEmbedder({ model, childProgram: standIn('obedient'), limits });
    await embedder.start();
    // Short texts go first.
    const texts = [order, ...Array.from({ length: 9 }, (_, index) => `a text that is longer ${index}`)];
    const asked = performance.now();
    const error = await embedder.embedBatch(texts).catch((thrown: Error) => thrown);
    expect(performance.now() - asked).toBeLessThan(deadline + 2_000);
    expect((error as Error).message).toContain(what);
    await embedder.close();
  });

  test.each([
    ['exits-while-starting', 0, 'exited with code 9 while starting'],
    ['never-ready', 3_000, 'made no progress for 3 s while starting'],
  ])('%s', async (program, deadline, what) => {
    const embedder = createEmbedder({ model, childProgram: standIn(program), limits });
    const asked = performance.now();
    await expect(embedder.start()).rejects.toThrow(what);
    expect(performance.now() - asked).toBeLessThan(deadline + 2_000);
  });

  test('ignores-sigterm', async () => {
    const embedder = createEmbedder({ model, childProgram: standIn('ignores-sigterm') });
    await embedder.start();
    const asked = performance.now();
    await embedder.close();
    expect(performance.now() - asked).toBeLessThan(2_000 + 2_000);
  });
});

describe.skipIf(process.platform !== 'linux')('a model that is spoiled while it is mapped', () => {
  /** Starts to index with a model of its own, spoils that in the middle, mends it, and runs again. */
  async function spoiled(spoil: (file: string) => void) {
    const files = Object.fromEntries(
      Array.from({ length: 25 }, (_, file) => [`${file}.txt`, paragraphs(8, file + 1)]),
    );
    const folder = makeFolder(files);
    const file = path.join(makeFolder(), 'model.gguf');
    copyFileSync(model.path, file);
    // Lean, so that the weights are the mapped ones and not a copy of them.
    const index = ['index', folder, '--model', file, '--memory', 'lean'];
    const running = start([...index, '--json']);
    await eventually(async () => {
      const { exitCode, document } = await runJson(['status', '--path', folder]);
      return exitCode === 0 && document.result.coverage.withVectors > 0;
    });
    spoil(file);
    const { exitCode, stdout } = await running;
    const { result, error } = JSON.parse(String(stdout));
    copyFileSync(model.path, file);
    const mended = await runJson(index);
    expect(mended.exitCode).toBe(0);
    const fresh = makeFolder(files);
    await runJson(['index', fresh, '--model', file, '--memory', 'lean']);
    expect(await contents(folder)).toEqual(await contents(fresh));
    return { exitCode, result, error };
  }

  test('cut to half (SIGBUS): exit 4 or 5 with the reason, no wrong vector, and the next run completes', async () => {
    const { exitCode, result, error } = await spoiled((file) => truncateSync(file, model.bytes / 2));
    console.log(`cut to half: ${error.code}: ${error.message.split('\n')[0]}`);
    expect([4, 5]).toContain(exitCode);
    expect(error.code).toMatch(/^MODEL_(CHANGED|INVALID)$/);
    expect(result.chunks.withVectors).toBeGreaterThan(0);
    expect(result.chunks.withVectors).toBeLessThan(result.chunks.total);
  });

  test('weights overwritten (NaN): exit 4 or 5 with the reason, no wrong vector, and the next run completes', async () => {
    const { exitCode, result, error } = await spoiled((file) => {
      const weights = Buffer.alloc(model.bytes - 2_000_000, 0xff);
      writeSync(openSync(file, 'r+'), weights, 0, weights.length, 2_000_000);
    });
    console.log(`overwritten: ${error.code}: ${error.message.split('\n')[0]}`);
    expect([4, 5]).toContain(exitCode);
    expect(result.chunks.withVectors).toBeLessThan(result.chunks.total);
  });

  test('weights that give no numbers from the start: exit 4, words alone', async () => {
    const folder = makeFolder({ 'a.txt': paragraphs(3) });
    const file = path.join(makeFolder(), 'nan.gguf');
    const bytes = readFileSync(model.path);
    bytes.fill(0xff, bytes.length - 12_000_000);
    writeFileSync(file, bytes);
    const { exitCode, document } = await runJson(['index', folder, '--model', file]);
    expect(exitCode).toBe(4);
    expect(document.error).toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('finite'),
    });
    expect(document.result.chunks).toMatchObject({ withVectors: 0 });
  });
});

describe.skipIf(process.platform !== 'linux')('too little memory', () => {
  const texts = Array.from(
    { length: 60 },
    (_, index) => `${index} ${'some words to think about '.repeat(20)}`,
  );

  test('for the real runtime, by a limit on its data: named, tried with less, every text gets its vector', async () => {
    const embedder = createEmbedder({ model, lanes: 2, lean: true });
    await embedder.start();
    const data = /VmData:\s+(\d+) kB/.exec(readFileSync(`/proc/${embedder.status().pid}/status`, 'utf8'));
    await execa('prlimit', [
      `--pid=${embedder.status().pid}`,
      `--data=${(Number(data![1]) + 1_024) * 1_024}`,
    ]);
    const embeddings = await embedder.embedBatch(texts);
    expect(embeddings.every((embedding) => embedding.ok)).toBe(true);
    const status = embedder.status();
    await embedder.close();
    console.log(
      `limited data: ${status.health}, ${status.restarts} restarts: ${status.reason?.split('\n')[0]}`,
    );
    expect(status).toMatchObject({ health: 'degraded', reason: expect.stringContaining('memory') });
  });

  /** An embedder whose every child runs in a memory cgroup of so many MB. */
  function inCgroup(megabytes: number, lanes: number) {
    vi.stubEnv('TEST_CGROUP_PROCS', makeCgroup(megabytes * 1024 * 1024));
    onTestFinished(() => void vi.unstubAllEnvs());
    return createEmbedder({ model, lanes, lean: true, childProgram: standIn('in-cgroup') });
  }

  test.skipIf(CGROUP_PARENT === undefined)(
    'in a memory cgroup that is too small for two lanes: named, one lane is tried, every text gets its vector',
    async () => {
      // 250 tokens: one lane takes some 45 MB, two take 80.
      const long = texts.map((text) => `${text} ${'and some more of them '.repeat(28)}`);
      const embedder = inCgroup(60, 2);
      const embeddings = await embedder.embedBatch(long);
      const { status, lanes } = await embedder.stats();
      await embedder.close();
      console.log(`cgroup of 60 MB: ${status.restarts} restarts: ${status.reason?.split('\n')[0]}`);
      expect(embeddings.every((embedding) => embedding.ok)).toBe(true);
      expect(lanes).toBe(1);
      expect(status).toMatchObject({ health: 'degraded', reason: expect.stringContaining('lack of memory') });
    },
  );

  test.skipIf(CGROUP_PARENT === undefined)(
    'in a memory cgroup that is too small for anything: named, and the host lives on',
    async () => {
      const embedder = inCgroup(6, 2);
      await expect(embedder.embed('a')).rejects.toMatchObject({
        code: 'EMBEDDER_OUT_OF_MEMORY',
        message: expect.stringContaining('was killed by SIGKILL for lack of memory while starting'),
      });
      expect(embedder.status()).toMatchObject({ state: 'failed', pid: null });
      await embedder.close();
    },
  );
});
