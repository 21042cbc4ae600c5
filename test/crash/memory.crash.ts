import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';

import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';
import { tokenCounter } from '#dist/lib/indexing/count-tokens.js';
import { processMemory } from '#dist/lib/memory.js';
import { cleanEnvironment, cliFile, makeFolder, projectRoot } from '../e2e/cli.js';
import { paragraphs } from '../e2e/prose.js';
import { shippedModel, standIn } from '../embedder/models.js';
import { filesBelow } from '../house/imports.js';
import { CGROUP_PARENT, makeCgroup } from './cgroup.js';
import { randomNumbers, ROUNDS } from './rounds.js';

const MB = 1024 * 1024;
const model = shippedModel({ tokenLimit: 128 });

/** Real text in windows of 3 to 87 words that have up to 128 tokens. */
async function mixedTexts(count: number): Promise<string[]> {
  const countTokens = await tokenCounter();
  const names = filesBelow('node_modules', ['README.md', 'LICENSE', 'CHANGELOG.md']).slice(0, 400);
  const words = names.flatMap((name) => readFileSync(path.join(projectRoot, name), 'utf8').split(/\s+/));
  const random = randomNumbers(42);
  let at = 0;
  const texts: string[] = [];
  while (texts.length < count) {
    const length = 3 + Math.floor(random() * 85);
    at = (at + length) % (words.length - length);
    const text = words.slice(at, at + length).join(' ');
    if (countTokens(text) <= model.tokenLimit) texts.push(text);
  }
  return texts;
}

describe.skipIf(process.platform !== 'linux')('anonymous memory of the embedder', () => {
  const count = ROUNDS * 50;
  let texts: string[];
  beforeAll(async () => {
    texts = await mixedTexts(count);
  });

  test.each([
    [1, true, 50],
    [2, true, 64],
    [1, false, 50],
    [2, false, 64],
  ])(`${count} mixed texts, %d lane(s), lean %s: peak below %d MB`, async (lanes, lean, most) => {
    const embedder = createEmbedder({ model, lanes, lean });
    await embedder.start();
    const { pid } = embedder.status();
    let peak = 0;
    const watch = setInterval(() => (peak = Math.max(peak, processMemory(pid!)?.anonymousBytes ?? 0)), 25);
    const started = performance.now();
    for (let at = 0; at < texts.length; at += 400) await embedder.embedBatch(texts.slice(at, at + 400));
    clearInterval(watch);
    const seconds = (performance.now() - started) / 1_000;
    const { backend, memoryLimitBytes, status } = await embedder.stats();
    await embedder.close();
    console.log(
      `${lanes} lane(s)${lean ? ', lean' : ''}: peak ${(peak / MB).toFixed(1)} MB, ${(count / seconds).toFixed(0)} texts/s, ${backend}`,
    );
    expect(peak / MB).toBeLessThan(most);
    // The estimate that the default limit is twice of holds, so nothing was recycled.
    expect(peak).toBeLessThan(memoryLimitBytes! / 2);
    expect(status.pid).toBe(pid);
  });
});

test('ten texts there and back without the embedding: p50 under 1 ms, p99 under 10 ms', async () => {
  const embedder = createEmbedder({ model, childProgram: standIn('echo') });
  const texts = Array.from(
    { length: 10 },
    (_, index) => `${index} ${'some words to think about '.repeat(20)}`,
  );
  const times: number[] = [];
  for (let round = 0; round < 2_200; round++) {
    const asked = performance.now();
    await embedder.embedBatch(texts);
    if (round >= 200) times.push(performance.now() - asked);
  }
  await embedder.close();
  times.sort((one, other) => one - other);
  const [p50, p99] = [times[1_000]!, times[1_980]!];
  console.log(`round trip, ms: p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)}`);
  expect(p50).toBeLessThan(1);
  expect(p99).toBeLessThan(10);
});

describe.skipIf(process.platform !== 'linux')('a host that indexes 10,000 chunks', () => {
  async function index(command: readonly string[]) {
    const folder = makeFolder(
      Object.fromEntries(
        Array.from({ length: 100 }, (_, file) => [`${file}.txt`, paragraphs(100, file + 1)]),
      ),
    );
    const overrides = JSON.stringify({ childProgram: standIn('echo') });
    const env = { ...cleanEnvironment(), NODE_ENV: 'test', EMBED_SEARCH_TEST_EMBEDDER: overrides };
    const [file, ...args] = [...command, cliFile, 'index', folder, '--json'];
    const { exitCode, stdout } = await execa(file, args, { env, extendEnv: false, reject: false });
    const { result } = JSON.parse(stdout);
    const peak = result.memory.host.peakRssBytes / MB;
    console.log(`${result.chunks.total} chunks in ${result.seconds} s, host peak ${peak.toFixed(0)} MB`);
    expect({ exitCode, withVectors: result.chunks.withVectors }).toEqual({
      exitCode: 0,
      withVectors: result.chunks.total,
    });
    expect(result.chunks.total).toBeGreaterThanOrEqual(10_000);
    expect(peak).toBeLessThan(100);
  }

  test('with a V8 heap of 64 MB: no crash, under 100 MB', () =>
    index([process.execPath, '--max-old-space-size=64']));

  test.skipIf(CGROUP_PARENT === undefined)('in a memory cgroup of 128 MB: no crash, under 100 MB', () =>
    index(['sh', '-c', 'echo $$ > "$0"; exec "$@"', makeCgroup(128 * MB), process.execPath]),
  );
});
