import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';
import { makeFolder, runJson, start } from '../e2e/cli.js';
import { childrenOf, eventually, isAlive } from '../e2e/processes.js';
import { paragraphs } from '../e2e/prose.js';
import { shippedModel } from '../embedder/models.js';
import { contents } from '../e2e/contents.js';
import { median, randomNumbers, ROUNDS } from './rounds.js';

const HOST = fileURLToPath(new URL('../fixtures/children/host.js', import.meta.url));

/** About 200 chunks of 20 to 130 tokens. */
function corpus(): string {
  const long = paragraphs(40).split('\n\n');
  const short = paragraphs(160, 2)
    .split('\n\n')
    .map((paragraph) => paragraph.split('. ').slice(0, 3).join('. '));
  return makeFolder(Object.fromEntries([...long, ...short].map((text, index) => [`${index}.txt`, text])));
}

/** The embedder of a command that runs, or null where it ended without one. */
async function childOf(host: number, running: Promise<unknown>): Promise<number | null> {
  let over = false;
  void running.then(() => (over = true));
  for (;;) {
    const [child] = childrenOf(host);
    if (child !== undefined) return child;
    if (over) return null;
    await delay(5);
  }
}

describe.skipIf(process.platform !== 'linux')('kill -9', () => {
  test(`${ROUNDS} x of the embedder at random moments of an index run: the same index each time`, async () => {
    const folder = corpus();
    const index = ['index', folder, '--rebuild', '--lanes', '1', '--json'];
    const { document } = await runJson(index.slice(0, -1));
    const undisturbed = await contents(folder);
    const chunks = document.result.chunks.total;
    expect(chunks).toBeGreaterThan(150);
    const random = randomNumbers();
    let killed = 0;
    let restarts = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const running = start(index);
      const child = await childOf(running.pid!, running);
      await delay(random() * document.result.seconds * 700);
      if (child !== null && childrenOf(running.pid!).includes(child)) {
        process.kill(child, 'SIGKILL');
        killed++;
      }
      const { exitCode, stdout, stderr } = await running;
      expect({ round, exitCode, stderr }).toEqual({ round, exitCode: 0, stderr: '' });
      const { result } = JSON.parse(String(stdout)) as {
        result: { restarts: number; quarantined: unknown[] };
      };
      expect(result.quarantined).toEqual([]);
      restarts += result.restarts;
      expect(await contents(folder)).toEqual(undisturbed);
    }
    console.log(`${killed} kills in ${ROUNDS} runs of ${chunks} chunks, ${restarts} restarts, all equal`);
    expect(killed).toBeGreaterThan(ROUNDS * 0.8);
    expect(restarts).toBeGreaterThan(killed * 0.5);
  });

  test(`${ROUNDS} x of the host at random moments: no embedder is alive after 2 s, and no zombie is left`, async () => {
    const random = randomNumbers(2);
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const host: ChildProcess = spawn(
        process.execPath,
        [HOST, JSON.stringify({ model: shippedModel(), lanes: 1 + (round % 2) }), 'busy'],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      // Some die while their embedder starts, most in the middle of a decode.
      await Promise.race([once(host.stdout!, 'data'), delay(random() * 1_000)]);
      await delay(random() * 200);
      host.kill('SIGSTOP'); // it starts no other one between the look and the kill
      const embedders = childrenOf(host.pid!);
      const killed = performance.now();
      host.kill('SIGKILL');
      await once(host, 'exit');
      await eventually(() => !embedders.some(isAlive), 2);
      times.push(performance.now() - killed);
      const zombies = childrenOf(process.pid).filter((pid) => !isAlive(pid));
      expect(zombies).toEqual([]);
      if (embedders.length > 0) expect(embedders).toHaveLength(1);
    }
    console.log(
      `the embedder ended after its host, ms: median ${median(times).toFixed(0)}, most ${Math.max(...times).toFixed(0)}`,
    );
  });

  test('of the embedder, then the next vector: under half a second as a rule, under 5 always', async () => {
    const times: number[] = [];
    for (let round = 0; round < Math.max(5, ROUNDS / 10); round++) {
      const embedder = createEmbedder({ model: shippedModel() });
      await embedder.embed('hello');
      // Every fourth one is killed as often as its budget lets it live: then it waits between the starts.
      for (let kills = round % 4 === 0 ? 4 : 1; kills > 0; kills--) {
        const killed = performance.now();
        process.kill(embedder.status().pid!, 'SIGKILL');
        while (embedder.status().state === 'ready') await delay(1);
        await embedder.embed(`again ${round} ${kills}`);
        times.push(performance.now() - killed);
      }
      await embedder.close();
    }
    console.log(
      `kill to the next vector, ms: median ${median(times).toFixed(0)}, most ${Math.max(...times).toFixed(0)}`,
    );
    expect(median(times)).toBeLessThan(500);
    expect(Math.max(...times)).toBeLessThan(5_000);
  });

  test('never: the maps of the host show no model and no native code of it through a whole index run', async () => {
    const folder = corpus();
    rmSync(path.join(folder, '.embed-search'), { recursive: true, force: true });
    const running = start(['index', folder, '--json']);
    const run = { over: false };
    void running.then(() => (run.over = true));
    let looks = 0;
    while (!run.over) {
      try {
        const maps = readFileSync(`/proc/${running.pid}/maps`, 'utf8');
        expect(maps).not.toMatch(/\.gguf|libllama|ggml|llama-addon/);
        if (maps.includes('libsql')) looks++;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      }
      await delay(5);
    }
    expect((await running).exitCode).toBe(0);
    expect(looks).toBeGreaterThan(20);
  });
});
