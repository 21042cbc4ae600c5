import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';
import { verifies } from '../house/promises.js';

import { createEmbedder, type InternalOptions } from '#dist/lib/embedder/create-embedder.js';
import type { SupervisionLimits } from '#dist/lib/embedder/limits.js';
import type { EmbeddingProvider } from '#dist/lib/embedder/types.js';
import type { EmbedSearchError } from '#dist/lib/errors.js';

import { childrenOf, isAlive } from '../e2e/processes.js';
import { shippedModel, standIn } from './models.js';

const FAST: Partial<SupervisionLimits> = {
  heartbeatMs: 25,
  missedHeartbeats: 60,
  stallMs: 2_500, // well over the silence that is one: which of them is met first must not hang on a heartbeat
  startMs: 5_000,
  gracefulMs: 150,
  terminateMs: 150,
  backOffMs: [0, 10],
};
const model = shippedModel();
const open: EmbeddingProvider[] = [];

function embedderOf(program: string, changes: Partial<InternalOptions> = {}): EmbeddingProvider {
  const limits = { ...FAST, ...changes.limits };
  const embedder = createEmbedder({ model, childProgram: standIn(program), ...changes, limits });
  open.push(embedder);
  return embedder;
}

async function errorOf(promise: Promise<unknown>): Promise<EmbedSearchError> {
  return promise.then(
    () => expect.unreachable('it should have failed'),
    (error: EmbedSearchError) => error,
  );
}

/** Children of ours that ended and that nobody has waited for. */
function zombies(): number[] {
  return process.platform === 'linux' ? childrenOf(process.pid).filter((pid) => !isAlive(pid)) : [];
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((embedder) => embedder.close()));
});

describe('a child at work', () => {
  it('is started by the first text, once for any number of callers at the same time', async () => {
    const embedder = embedderOf('echo');
    expect(embedder.status()).toEqual({ state: 'idle', health: 'healthy', pid: null, restarts: 0 });
    const started = [embedder.start(), embedder.start(), embedder.embed('a'), embedder.embed('b')];
    await Promise.all(started);
    expect(embedder.status()).toMatchObject({ state: 'ready', health: 'healthy', restarts: 0 });
  });

  it('gives 100 callers of 100 texts each their own vectors or their own abort', async () => {
    const embedder = embedderOf('echo');
    const callers = Array.from({ length: 100 }, async (_, caller) => {
      const texts = Array.from({ length: 100 }, (_unused, index) => `${caller} ${index}`);
      const abort = new AbortController();
      const batch = embedder.embedBatch(texts);
      const aborted = embedder.embed('never mind', { signal: abort.signal });
      abort.abort(new Error(`caller ${caller} left`));
      await expect(aborted).rejects.toThrow(`caller ${caller} left`);
      return { texts, embeddings: await batch };
    });
    const seen = new Map<string, string>();
    for (const { texts, embeddings } of await Promise.all(callers)) {
      for (const [index, embedding] of embeddings.entries())
        seen.set(texts[index]!, JSON.stringify(embedding));
    }
    expect(seen.size).toBe(10_000);
    const again = await embedder.embedBatch([...seen.keys()].slice(0, 500));
    expect(again.map((embedding) => JSON.stringify(embedding))).toEqual([...seen.values()].slice(0, 500));
    expect(embedder.status().restarts).toBe(0);
  });

  it('may take longer than its deadline for a request, as long as text after text is done', async () => {
    const embedder = embedderOf('obedient', { limits: { ...FAST, stallMs: 1_000, restarts: 0 } });
    await embedder.start();
    const started = performance.now();
    const texts = Array.from({ length: 10 }, (_, index) => `do wait ${300 * (index + 1)}`);
    const embeddings = await embedder.embedBatch(texts);
    expect(embeddings.every((embedding) => embedding.ok)).toBe(true);
    expect(performance.now() - started).toBeGreaterThan(2_500);
    expect(embedder.status()).toMatchObject({ health: 'healthy', restarts: 0 });
  });

  it('says of itself what it has done, and is not started for that', async () => {
    const embedder = createEmbedder({ model, lanes: 2 });
    open.push(embedder);
    expect(await embedder.stats()).toMatchObject({
      status: { state: 'idle', pid: null },
      memory: null,
      child: null,
      modelFileBytes: model.bytes,
    });
    await embedder.embedBatch(['a', 'b c']);
    const { status, child, memory, lanes, tokens } = await embedder.stats();
    expect(child).toEqual({ texts: 2, tokens, contexts: expect.any(Number) });
    expect(child!.contexts).toBeGreaterThan(0);
    expect(lanes).toBe(2);
    expect(memory).toMatchObject({ pid: status.pid, rssBytes: expect.any(Number) });
  });

  it('that is stopped keeps nobody who asks for figures waiting', async () => {
    const embedder = embedderOf('echo', { limits: { ...FAST, statsMs: 100, missedHeartbeats: 10_000 } });
    await embedder.embed('a');
    const { pid } = embedder.status();
    process.kill(pid!, 'SIGSTOP');
    expect(await embedder.stats()).toMatchObject({ status: { state: 'ready', pid }, child: null });
    process.kill(pid!, 'SIGKILL');
  });

  it('that is stuck is found out even while its figures are asked for again and again', async () => {
    const embedder = embedderOf('obedient', { limits: { ...FAST, restarts: 0 } });
    await embedder.start();
    const asking = setInterval(() => void embedder.stats(), 50);
    const error = await errorOf(embedder.embed('do hang'));
    clearInterval(asking);
    expect(error.message).toContain('made no progress');
  });

  it('gets large texts in as many messages as they need', async () => {
    const embedder = embedderOf('echo');
    const texts = Array.from({ length: 12 }, (_, index) => `${index}`.repeat(30_000));
    const embeddings = await embedder.embedBatch(texts);
    expect(embeddings.map((embedding) => embedding.ok && embedding.tokens)).toEqual(
      texts.map((text) => text.length),
    );
  });

  it('is unloaded when idle and started again by the next text', async () => {
    const embedder = embedderOf('echo', { limits: { ...FAST, idleMs: 50 } });
    await embedder.embed('a');
    await expect.poll(() => embedder.status().state).toBe('idle');
    expect(embedder.status().pid).toBeNull();
    expect(await embedder.embed('b')).toMatchObject({ ok: true });
    expect(embedder.status().restarts).toBe(0);
  });
});

describe('a text that ends its child', () => {
  it.concurrent.each([
    ['do kill SIGSEGV', 'was killed by SIGSEGV'],
    ['do kill SIGBUS', 'was killed by SIGBUS'],
    ['do exit 3', 'exited with code 3'],
    ['do stop', 'gave no sign of life'],
    ['do spin', 'gave no sign of life'],
    ['do hang', 'made no progress'],
    ['do close', 'closed its channel'],
    ['do garbage', 'broke the protocol'],
    ['do oversize', 'broke the protocol'],
    ['do unknown', 'broke the protocol'],
    ['do late', 'broke the protocol'],
    ['do nan', 'broke the protocol'],
    ['do zero', 'broke the protocol'],
    ['do long', 'broke the protocol'],
    ['do short', 'broke the protocol'],
  ])('is quarantined by name and all others get their vectors: %s', async (poison, why) => {
    const embedder = createEmbedder({ model, childProgram: standIn('obedient'), limits: FAST });
    const texts = Array.from({ length: 30 }, (_, index) => (index === 13 ? poison : `text ${index}`));
    const embeddings = await embedder.embedBatch(texts);
    expect(embeddings[13]).toMatchObject({
      ok: false,
      reason: 'quarantined',
      detail: expect.stringContaining(why),
    });
    expect(embeddings.filter((embedding) => embedding.ok)).toHaveLength(29);
    expect(await embedder.embed('after it')).toMatchObject({ ok: true });
    expect(embedder.status()).toMatchObject({ state: 'ready', health: 'healthy' });
    await embedder.close();
  });

  it('gets its vector once where its child answers ten thousand times, and the others get theirs', async () => {
    const embedder = embedderOf('obedient');
    const texts = Array.from({ length: 30 }, (_, index) => (index === 13 ? 'do flood' : `text ${index}`));
    const embeddings = await embedder.embedBatch(texts);
    expect(embeddings.filter((embedding) => embedding.ok)).toHaveLength(30);
    await expect.poll(() => embedder.status().restarts).toBeGreaterThan(0);
  });

  it('is quarantined without a restart where only its own vector could not be made', async () => {
    const embedder = embedderOf('obedient');
    const [bad, good] = await embedder.embedBatch(['do fail because', 'good']);
    expect(bad).toEqual({ ok: false, reason: 'quarantined', detail: 'because' });
    expect(good).toMatchObject({ ok: true });
    expect(embedder.status().restarts).toBe(0);
  });

  it('does not use up the restarts of the others: six of them in one batch', async () => {
    const embedder = embedderOf('obedient', { limits: { ...FAST, restarts: 2 } });
    const texts = Array.from({ length: 20 }, (_, index) =>
      index % 3 === 0 && index < 18 ? 'do exit 7' : `text ${index}`,
    );
    const embeddings = await embedder.embedBatch(texts);
    expect(
      embeddings.filter((embedding) => !embedding.ok && embedding.reason === 'quarantined'),
    ).toHaveLength(6);
    expect(embeddings.filter((embedding) => embedding.ok)).toHaveLength(14);
  });

  it('ends the run with an error when no text at all gets through', async () => {
    const embedder = embedderOf('obedient');
    const error = await errorOf(
      embedder.embedBatch(Array.from({ length: 40 }, () => 'do fail weights are broken')),
    );
    expect(error).toMatchObject({
      code: 'EMBEDDER_FAILED',
      message: expect.stringContaining('10 texts in a row'),
    });
    expect(await embedder.embed('after it')).toMatchObject({ ok: true });
  });

  it('is told with the last 8 KiB of what its child said', async () => {
    const embedder = embedderOf('obedient', { limits: { ...FAST, restarts: 0 } });
    const error = await errorOf(embedder.embed('do shout'));
    expect(error.message).toMatch(
      /exited with code 4 while embedding 1 text\.\nIts last words: [^]*THE END$/,
    );
    expect(error.message.length).toBeLessThan(9_000);
  });
});

describe('a child that is killed from outside', () => {
  it('in the middle of a batch: the batch is completed by the next one', async () => {
    verifies('embedder-crash-spares-host');
    const embedder = createEmbedder({ model, runtime: 'direct' });
    open.push(embedder);
    const texts = Array.from(
      { length: 40 },
      (_, index) => `${index} ${'several words that take some time '.repeat(10)}`,
    );
    const undisturbed = await embedder.embedBatch(texts);
    const disturbed = embedder.embedBatch(texts);
    await delay(100);
    process.kill(embedder.status().pid!, 'SIGKILL');
    const embeddings = await disturbed;
    for (const [index, embedding] of embeddings.entries()) expect(embedding).toEqual(undisturbed[index]);
    expect(embedder.status()).toMatchObject({ state: 'ready', health: 'healthy', restarts: 1 });
  });

  it('while it waits for work: the next text starts another one', async () => {
    const embedder = embedderOf('echo');
    await embedder.embed('a');
    process.kill(embedder.status().pid!, 'SIGKILL');
    await expect.poll(() => embedder.status().state).toBe('idle');
    expect(await embedder.embed('b')).toMatchObject({ ok: true });
    expect(embedder.status().restarts).toBe(1);
    await expect.poll(zombies).toEqual([]);
  });
});

describe('a child that does not start', () => {
  it('is tried again until its restarts are used up, and the error says so', async () => {
    const embedder = embedderOf('exits-while-starting');
    const error = await errorOf(embedder.embed('a'));
    expect(error.code).toBe('EMBEDDER_FAILED');
    expect(error.message).toContain('exited with code 9 while starting after 4 restarts');
    expect(error.message).toContain('no library for this machine');
    expect(embedder.status()).toMatchObject({
      state: 'failed',
      health: 'failed',
      pid: null,
      reason: error.message,
    });
  });

  it('is given up at its deadline', async () => {
    const embedder = embedderOf('never-ready', { limits: { ...FAST, startMs: 400, restarts: 0 } });
    expect((await errorOf(embedder.start())).message).toContain('made no progress for 0.4 s while starting');
  });

  it('is refused when it speaks another version of the protocol', async () => {
    const embedder = embedderOf('other-version');
    expect(await errorOf(embedder.embed('a'))).toMatchObject({ code: 'EMBEDDER_PROTOCOL', exitCode: 5 });
  });

  it('becomes healthy without a new host once the fault is mended and the budget is free again', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'embed-search-mended-'));
    const mended = path.join(folder, 'mended');
    process.env['MENDED_FILE'] = mended;
    try {
      const embedder = embedderOf('broken-until-mended', { limits: { ...FAST, restartWindowMs: 1_500 } });
      await errorOf(embedder.embed('a'));
      expect(await errorOf(embedder.embed('at once'))).toMatchObject({ code: 'EMBEDDER_FAILED' });
      writeFileSync(mended, '');
      await expect
        .poll(() => embedder.embed('again').catch(() => null), { timeout: 5_000 })
        .toMatchObject({ ok: true });
      expect(embedder.status()).toMatchObject({ state: 'ready', health: 'healthy' });
    } finally {
      delete process.env['MENDED_FILE'];
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a child without enough memory', () => {
  it('is started again with fewer lanes', async () => {
    const embedder = embedderOf('starves-with-lanes', { lanes: 4 });
    expect(await embedder.embed('a')).toMatchObject({ ok: true });
    expect(embedder.status()).toMatchObject({ health: 'degraded', restarts: 2 });
  });

  it('is named as the reason, and no text is sent for ever', async () => {
    const embedder = embedderOf('obedient', { lanes: 2 });
    const [starving, good] = await embedder.embedBatch(['do starve', 'good']);
    expect(starving).toMatchObject({
      reason: 'quarantined',
      detail: expect.stringContaining('for lack of memory'),
    });
    expect(good).toMatchObject({ ok: true });
  });

  it('that leaks from its first text on is recycled at the limit of its model, and every text gets its vector', async () => {
    const embedder = embedderOf('leaks', { limits: { ...FAST, memoryCheckMs: 0 } });
    const pids = new Set<number | null>();
    let most = 0;
    let limit = 0;
    for (let round = 0; round < 20; round++) {
      const texts = Array.from({ length: 20 }, (_, index) => `${round} ${index}`);
      const embeddings = await embedder.embedBatch(texts);
      expect(embeddings.every((embedding) => embedding.ok)).toBe(true);
      const { memory, memoryLimitBytes, status } = await embedder.stats();
      pids.add(status.pid);
      most = Math.max(most, memory?.anonymousBytes ?? 0);
      limit = Math.max(limit, memoryLimitBytes ?? 0);
    }
    expect(pids.size).toBeGreaterThan(2);
    expect(limit).toBeGreaterThan(100_000_000);
    expect(most).toBeLessThan(limit + 80_000_000); // what was on its way when it was looked at
    expect(embedder.status()).toMatchObject({ health: 'healthy', restarts: 0 });
  });

  it('is recycled between batches when it is over its limit, then goes on with fewer lanes, then as it is', async () => {
    const embedder = embedderOf('echo', {
      lanes: 2,
      maxMemoryBytes: 1,
      limits: { ...FAST, memoryCheckMs: 0 },
    });
    const pids = new Set<number | null>();
    const reasons = new Set<string | undefined>();
    const next = async () => {
      expect(await embedder.embed(`text ${pids.size}`)).toMatchObject({ ok: true });
      const { pid, reason } = embedder.status();
      pids.add(pid);
      reasons.add(reason);
      return reason;
    };
    await expect.poll(next, { timeout: 20_000, interval: 5 }).toContain('even with one lane');
    expect([...reasons].map((reason) => reason?.slice(0, 24))).toEqual([
      undefined,
      'The embedder uses 1 lane',
      'The embedder cannot stay',
    ]);
    expect(pids.size).toBeGreaterThan(2);
    expect(embedder.status()).toMatchObject({ health: 'degraded', restarts: 0 });
  });
});

describe('close', () => {
  it('ends a child that ignores both the message and SIGTERM', async () => {
    const embedder = embedderOf('ignores-sigterm');
    await embedder.embed('a');
    const { pid } = embedder.status();
    await embedder.close();
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  });

  it('ends a start that goes on, tells those who wait, and lets nobody begin anew', async () => {
    const embedder = embedderOf('never-ready', { limits: { ...FAST, startMs: 60_000 } });
    const waiting = errorOf(embedder.embed('a'));
    await expect.poll(() => embedder.status().pid).not.toBeNull();
    await embedder.close();
    expect((await waiting).message).toBe('The embedder was closed.');
    expect((await errorOf(embedder.embed('b'))).message).toBe('The embedder was closed.');
    await embedder.close();
  });
});
