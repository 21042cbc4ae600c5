// What the embedder costs beside what it is built on, in one run: node bench/embedder.js (under 2 minutes; build first).
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { createEmbedder } from '../dist/lib/embedder/create-embedder.js';
import { locateRuntime } from '../dist/lib/embedder/locate-runtime.js';
import { contextShape } from '../dist/lib/embedder/runtime.js';
import { processMemory } from '../dist/lib/memory.js';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modelPath = path.join(root, 'models/all-MiniLM-L6-v2.Q8_0.gguf');
const { size, mtimeMs } = statSync(modelPath);
const model = {
  path: modelPath,
  bytes: size,
  mtimeMs,
  sha256: '',
  dimensions: 384,
  pooling: 'mean',
  tokenLimit: 256,
  normalization: 'nfd-without-marks',
};
const LENGTHS = [16, 48, 128, 252];
const SECONDS = 1;
const ROUNDS = 3;

const median = (values) => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
const percentile = (values, share) =>
  [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) * share)];
const megabytes = (bytes) => (bytes === null || bytes === undefined ? '-' : (bytes / 1_048_576).toFixed(1));
const row = (...cells) =>
  console.log(
    cells
      .map((cell, index) => String(cell)[index === 0 ? 'padEnd' : 'padStart'](index === 0 ? 44 : 11))
      .join(''),
  );

// Words of one token each, so that a text has the tokens that it says.
const WORDS =
  'the quick brown fox jumps over a lazy dog while files and letters are sent again to the house'.split(' ');
const textOf = (tokens, seed) =>
  Array.from({ length: tokens - 2 }, (_, index) => WORDS[(index * 7 + seed) % WORDS.length]).join(' ');

/** Programs that this file is started as, beside the bench itself. */
const roles = {
  /** The public API of node-llama-cpp, as its own guide says, but for one thread. */
  async public() {
    const { getLlama } = await import('node-llama-cpp');
    const llama = await getLlama({ build: 'never', gpu: false, logLevel: 'error', maxThreads: 1 });
    const loaded = await llama.loadModel({ modelPath });
    const context = await loaded.createEmbeddingContext({ contextSize: 256, batchSize: 256, threads: 1 });
    await context.getEmbeddingFor('hello world');
    process.send({ ready: true });
    const speeds = [];
    for (const tokens of LENGTHS) {
      const until = performance.now() + SECONDS * 1_000;
      let texts = 0;
      for (; performance.now() < until; texts++) await context.getEmbeddingFor(textOf(tokens, texts));
      speeds.push(texts / SECONDS);
    }
    process.send({ speeds, memory: processMemory(process.pid) });
  },
  /** Nothing but the binding, with as many contexts as lanes. */
  async bare() {
    const lanes = Number(process.argv[3]);
    const { path: folder } = locateRuntime('direct');
    const binding = createRequire(import.meta.url)(path.join(folder, 'llama-addon.node'));
    binding.markLoaded();
    binding.setLogger(() => {});
    binding.setLoggerLogLevel(2);
    binding.loadBackends(folder);
    await binding.init();
    const native = new binding.AddonModel(modelPath, { addonExports: binding, gpuLayers: 0, useMmap: true });
    await native.init();
    process.send({ ready: true });
    const speeds = [];
    for (const tokens of LENGTHS) {
      const { size: contextSize, flashAttention } = contextShape(tokens, 256);
      const lane = async () => {
        const context = new binding.AddonContext(native, {
          contextSize,
          batchSize: contextSize,
          sequences: 1,
          flashAttention,
          embeddings: true,
          threads: 1,
        });
        await context.init();
        const until = performance.now() + SECONDS * 1_000;
        let texts = 0;
        for (; performance.now() < until; texts++) {
          const all = Uint32Array.from([
            native.tokenBos(),
            ...native.tokenize(textOf(tokens, texts), false),
            native.tokenEos(),
          ]);
          context.disposeSequence(0);
          context.initBatch(all.length);
          context.addToBatch(0, 0, all, Uint32Array.of(all.length - 1));
          await context.decodeBatch();
          context.getEmbedding(all.length);
        }
        await context.dispose();
        return texts;
      };
      const texts = await Promise.all(Array.from({ length: lanes }, lane));
      speeds.push(texts.reduce((sum, count) => sum + count, 0) / SECONDS);
    }
    process.send({ speeds, memory: processMemory(process.pid) });
  },
};

/** Starts this file in a role: milliseconds to ready, then what it measured. */
async function inRole(role, ...args) {
  const started = performance.now();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), role, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const result = {};
  await new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if (message.ready) result.start = performance.now() - started;
      else Object.assign(result, message);
      if (message.speeds !== undefined) child.kill();
    });
    child.on('exit', (code) => (code === 1 ? reject(new Error(`${role} failed`)) : resolve()));
  });
  return result;
}

async function startTimes(options) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const embedder = createEmbedder({ model, ...options });
    await embedder.start();
    times.push((await embedder.stats()).startMilliseconds);
    await embedder.close();
  }
  return median(times);
}

async function speedsOf(embedder, lengths = LENGTHS) {
  const speeds = [];
  for (const tokens of lengths) {
    await embedder.embedBatch(Array.from({ length: 20 }, (_, index) => textOf(tokens, index)));
    const started = performance.now();
    let texts = 0;
    while (performance.now() - started < SECONDS * 1_000) {
      texts += (
        await embedder.embedBatch(Array.from({ length: 40 }, (_, index) => textOf(tokens, texts + index)))
      ).length;
    }
    speeds.push(texts / ((performance.now() - started) / 1_000));
  }
  return speeds;
}

/** Texts of 5 to 128 tokens in no order: the peak of the child's memory over all of them. */
async function mixedMemory(options, count = 300) {
  const embedder = createEmbedder({ model, ...options });
  await embedder.start();
  let peak = 0;
  const { pid } = embedder.status();
  const look = setInterval(() => (peak = Math.max(peak, processMemory(pid)?.anonymousBytes ?? 0)), 10);
  await embedder.embedBatch(
    Array.from({ length: count }, (_, index) => textOf(5 + ((index * 61) % 124), index)),
  );
  clearInterval(look);
  const { fileBackedBytes } = processMemory(pid) ?? {};
  await embedder.close();
  return { peak, fileBackedBytes };
}

async function restartTime() {
  const embedder = createEmbedder({ model });
  await embedder.embed('hello');
  const times = [];
  for (let round = 0; round < 3; round++) {
    const killed = performance.now();
    process.kill(embedder.status().pid, 'SIGKILL');
    while (embedder.status().state === 'ready') await new Promise((resolve) => setImmediate(resolve));
    await embedder.embed(`again ${round}`);
    times.push(performance.now() - killed);
  }
  await embedder.close();
  return median(times);
}

async function roundTrips() {
  const embedder = createEmbedder({ model, childProgram: path.join(root, 'test/fixtures/children/echo.js') });
  await embedder.start();
  const texts = Array.from({ length: 10 }, (_, index) => textOf(120, index));
  const times = [];
  for (let round = 0; round < 2_200; round++) {
    const started = performance.now();
    await embedder.embedBatch(texts);
    if (round >= 200) times.push(performance.now() - started);
  }
  await embedder.close();
  return times;
}

async function bench() {
  console.log(
    `${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, ${process.platform} ${process.arch}\n`,
  );
  const publicApi = await inRole('public');
  const bare = { 1: await inRole('bare', '1'), 2: await inRole('bare', '2') };

  row('fork to ready, milliseconds', 'median');
  row('direct', (await startTimes({ runtime: 'direct' })).toFixed(0));
  row('direct, lean', (await startTimes({ runtime: 'direct', lean: true })).toFixed(0));
  row('compat', (await startTimes({ runtime: 'compat' })).toFixed(0));
  row('public API alone', publicApi.start.toFixed(0));
  row('kill -9 to the next vector', (await restartTime()).toFixed(0));

  const times = await roundTrips();
  console.log();
  row('10 texts there and back, no embedding, ms', 'p50', 'p99');
  row('echo stand-in', percentile(times, 0.5).toFixed(2), percentile(times, 0.99).toFixed(2));

  console.log();
  row('texts/s, by tokens of each', ...LENGTHS);
  row('bare loop over the binding, 1 lane', ...bare[1].speeds.map((speed) => speed.toFixed(1)));
  row('bare loop over the binding, 2 lanes', ...bare[2].speeds.map((speed) => speed.toFixed(1)));
  row('public API alone, 1 thread', ...publicApi.speeds.map((speed) => speed.toFixed(1)));
  for (const options of [
    { runtime: 'direct', lanes: 1 },
    { runtime: 'direct', lanes: 2 },
    { runtime: 'direct', lanes: 1, lean: true },
    { runtime: 'direct', lanes: 2, lean: true },
    { runtime: 'compat', lanes: 1 },
    { runtime: 'compat', lanes: 2 },
  ]) {
    const embedder = createEmbedder({ model, ...options });
    const speeds = await speedsOf(embedder);
    await embedder.close();
    row(
      `${options.runtime}, ${options.lanes} lane(s)${options.lean ? ', lean' : ''}`,
      ...speeds.map((speed) => speed.toFixed(1)),
    );
  }

  console.log();
  row('MB in the child, texts of 5 to 128 tokens', 'anonymous', 'file-backed');
  for (const options of [
    { runtime: 'direct', lanes: 1, lean: true },
    { runtime: 'direct', lanes: 2, lean: true },
    { runtime: 'direct', lanes: 1 },
    { runtime: 'direct', lanes: 2 },
    { runtime: 'compat', lanes: 1 },
  ]) {
    const { peak, fileBackedBytes } = await mixedMemory(options);
    row(
      `${options.runtime}, ${options.lanes} lane(s)${options.lean ? ', lean' : ''}`,
      megabytes(peak),
      megabytes(fileBackedBytes),
    );
  }
  row(
    'public API alone, texts up to 252 tokens',
    megabytes(publicApi.memory?.anonymousBytes),
    megabytes(publicApi.memory?.fileBackedBytes),
  );
  row(
    'bare loop, 1 lane, texts up to 252 tokens',
    megabytes(bare[1].memory?.anonymousBytes),
    megabytes(bare[1].memory?.fileBackedBytes),
  );
  console.log(`\nThe model file has ${megabytes(readFileSync(modelPath).length)} MB.`);
}

await (roles[process.argv[2]] ?? bench)();
