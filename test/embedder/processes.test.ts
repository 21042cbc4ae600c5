import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { verifies } from '../house/promises.js';

import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';
import type { EmbeddingProvider } from '#dist/lib/embedder/types.js';

import { describeModel, shippedModel, standIn } from './models.js';

const HOST = fileURLToPath(new URL('../fixtures/children/host.js', import.meta.url));
const model = shippedModel();
const hosts: ChildProcess[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.kill('SIGKILL');
});

/** True while a process is there and no zombie. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (!existsSync('/proc/self/stat')) return true;
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0] !== 'Z';
  } catch {
    return false;
  }
}

/** A host of its own that embeds for ever; resolves with its embedder's pid. */
async function startHost(
  mode = 'busy',
  detached = false,
): Promise<{ host: ChildProcess; embedderPid: number }> {
  const options = mode === 'spin' ? { model, childProgram: standIn('obedient') } : { model };
  const host = spawn(process.execPath, [HOST, JSON.stringify(options), mode], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached,
  });
  hosts.push(host);
  const [chunk] = (await once(host.stdout, 'data')) as [Buffer];
  return { host, embedderPid: Number(chunk.toString()) };
}

/** Neither alive nor a zombie; who takes in orphans may need a moment for that. */
async function expectGone(pid: number): Promise<void> {
  await expect.poll(() => isAlive(pid), { timeout: 2_000, interval: 20 }).toBe(false);
  await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 15_000, interval: 50 }).toBe(false);
}

describe('an embedder never survives its host', () => {
  it.each(['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'that gets %s in the middle of a decode',
    async (signal) => {
      const { host, embedderPid } = await startHost();
      expect(isAlive(embedderPid)).toBe(true);
      host.kill(signal);
      await expectGone(embedderPid);
    },
  );

  it('when Ctrl-C reaches both of them at once', async () => {
    const { host, embedderPid } = await startHost('busy', true);
    process.kill(-host.pid!, 'SIGINT');
    await expectGone(embedderPid);
  });

  it.runIf(existsSync('/usr/bin/setpriv'))(
    'that is killed while the event loop of the embedder is busy',
    async () => {
      const { host, embedderPid } = await startHost('spin');
      await delay(200);
      host.kill('SIGKILL');
      await expectGone(embedderPid);
    },
  );

  it('that dies of a bug', async () => {
    const { host, embedderPid } = await startHost('throw');
    await once(host, 'exit');
    await expectGone(embedderPid);
  });

  it('that forgets to close it, and does not keep it from ending', async () => {
    const { host, embedderPid } = await startHost('return');
    const [code] = (await once(host, 'exit')) as [number];
    expect(code).toBe(0);
    await expectGone(embedderPid);
  });
});

describe('the host', () => {
  it.runIf(process.platform === 'linux')('never maps a model or a native library of it', async () => {
    const embedder = createEmbedder({ model });
    await embedder.embedBatch(['one', 'two']);
    const maps = readFileSync('/proc/self/maps', 'utf8');
    const child = readFileSync(`/proc/${embedder.status().pid}/maps`, 'utf8');
    await embedder.close();
    expect(child).toMatch(/\.gguf/);
    expect(child).toMatch(/libllama/);
    expect(maps).not.toMatch(/\.gguf|libllama|ggml|llama-addon/);
  });
});

describe('a model file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'embed-search-models-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const open: EmbeddingProvider[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((embedder) => embedder.close()));
  });

  function embedderOf(file: string) {
    const embedder = createEmbedder({ model: describeModel(file) });
    open.push(embedder);
    return embedder;
  }

  it('that is gone is missing by name', async () => {
    const file = path.join(folder, 'gone.gguf');
    copyFileSync(model.path, file);
    const embedder = embedderOf(file);
    rmSync(file);
    await expect(embedder.embed('a')).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining(file),
    });
  });

  it('that changed since it was described is refused', async () => {
    const file = path.join(folder, 'changed.gguf');
    copyFileSync(model.path, file);
    const embedder = embedderOf(file);
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    await expect(embedder.start()).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
  });

  it('that was only touched, or copied anew, is still the one', async () => {
    const file = path.join(folder, 'touched.gguf');
    copyFileSync(model.path, file);
    const embedder = embedderOf(file);
    utimesSync(file, 1, 1);
    expect(await embedder.embed('a')).toMatchObject({ ok: true });
  });

  it('that changes under a child at work ends it before long, and no other one starts from it', async () => {
    const file = path.join(folder, 'rewritten.gguf');
    copyFileSync(model.path, file);
    const embedder = createEmbedder({ model: describeModel(file), limits: { memoryCheckMs: 0 } });
    open.push(embedder);
    expect(await embedder.embed('a')).toMatchObject({ ok: true });
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    rmSync(file); // the child keeps what it has mapped
    writeFileSync(file, bytes);
    const changed = async () => embedder.embed('b').catch((error: { code: string }) => error.code);
    await expect.poll(changed, { timeout: 5_000 }).toBe('MODEL_CHANGED');
  });

  it.each([
    ['truncated', (file: string) => truncateSync(file, 5_000_000)],
    ['empty', (file: string) => truncateSync(file, 0)],
    ['no GGUF', (file: string) => writeFileSync(file, 'hello '.repeat(1_000))],
  ])('that is %s is invalid, with what llama.cpp says of it', async (name, spoil) => {
    const file = path.join(folder, `${name}.gguf`);
    copyFileSync(model.path, file);
    spoil(file);
    const embedder = embedderOf(file);
    const error = await embedder.embed('a').catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'MODEL_INVALID', exitCode: 4 });
    expect((error as Error).message).toMatch(/gguf|llama|tensor/i);
    expect(embedder.status()).toMatchObject({ state: 'failed', health: 'failed' });
  });

  it('with other dimensions than described is unsuitable', async () => {
    const embedder = createEmbedder({ model: shippedModel({ dimensions: 768 }) });
    open.push(embedder);
    await expect(embedder.embed('a')).rejects.toMatchObject({ code: 'MODEL_UNSUITABLE' });
  });

  it('pools as it is described, over what its file says, alike in both runtimes', async () => {
    const [mean, first, compat] = await Promise.all(
      (['mean', 'cls', 'compat'] as const).map(async (how) => {
        const embedder = createEmbedder({
          model: shippedModel({ pooling: how === 'mean' ? 'mean' : 'cls' }),
          runtime: how === 'compat' ? 'compat' : 'direct',
        });
        open.push(embedder);
        const embedding = await embedder.embed('the cat sat on the mat');
        return embedding.ok ? embedding.vector : new Float32Array(384);
      }),
    );
    const dot = (one: Float32Array, other: Float32Array) =>
      one.reduce((sum, value, index) => sum + value * other[index]!, 0);
    expect(dot(first!, compat!)).toBeGreaterThan(0.999);
    expect(dot(first!, mean!)).toBeLessThan(0.95);
  });

  it('that gives no numbers is invalid before the first text', async () => {
    verifies('no-made-up-vector');
    const file = path.join(folder, 'nan.gguf');
    const bytes = readFileSync(model.path);
    bytes.fill(0xff, bytes.length - 12_000_000); // all scales of the last layers become NaN
    writeFileSync(file, bytes);
    await expect(embedderOf(file).embed('a')).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  it.runIf(process.platform === 'linux')(
    'that is truncated while it is mapped ends in an error or in vectors, never in the host',
    async () => {
      const file = path.join(folder, 'shrunk.gguf');
      copyFileSync(model.path, file);
      const embedder = embedderOf(file);
      await embedder.start();
      truncateSync(file, 1_000_000);
      await expect(embedder.embed('a')).rejects.toMatchObject({ code: 'MODEL_CHANGED' });
    },
  );
});
