// What a coding agent waits for, and what the server keeps in memory.
//
//   node bench/mcp.js [--only handshake,first,warm,memory,large] [--chunks 10000] [--large 500000] [--calls 10000]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeIndex } from './mcp/made-index.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: 'handshake,first,warm,memory,large' },
    chunks: { type: 'string', default: '10000' },
    large: { type: 'string', default: '500000' },
    calls: { type: 'string', default: '10000' },
  },
});
const ROUNDS = 21;
const CLIENTS = 8;
const TOKEN = 'bench';
const INITIALIZE = {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'bench', version: '1' },
};
const program = path.resolve(import.meta.dirname, '../bin/run.js');
const work = path.join(os.tmpdir(), 'embed-search-bench', 'mcp');
const small = path.join(work, `made-${options.chunks}`);
const large = path.join(work, `made-${options.large}`);
const PARTS = { handshake, first, warm, memory, large: largeIndex };

console.log(
  `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}, ${os.type()} ${os.release()}`,
);
await makeIndex(small, Number(options.chunks));
for (const [name, part] of Object.entries(PARTS)) if (options.only.split(',').includes(name)) await part();

/** Process start to `initialize` answered, beside `node -e 0`, in turns. */
async function handshake() {
  const bare = [];
  const answered = [];
  for (let round = 0; round <= ROUNDS; round++) {
    let started = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    bare.push(performance.now() - started);
    started = performance.now();
    const server = start(small);
    await server.request('initialize', INITIALIZE);
    answered.push(performance.now() - started);
    await server.end();
  }
  const [one, other] = [median(bare.slice(1)), median(answered.slice(1))];
  console.log(`\n## Handshake (median of ${ROUNDS}, in turns)`);
  console.log(
    `node -e 0 ${one.toFixed(0)} ms, initialize answered ${other.toFixed(0)} ms: ${(other / one).toFixed(2)} x`,
  );
}

/** The first search of a fresh process: after the tools were listed, as clients do, and without. */
async function first() {
  console.log(`\n## First search_code in a fresh process, ${options.chunks} chunks (${ROUNDS} each)`);
  for (const [name, isListed] of /** @type {const} */ ([
    ['right after the handshake', false],
    ['after tools/list and 300 ms', true],
  ])) {
    const times = [];
    let degraded = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const server = start(small);
      await server.request('initialize', INITIALIZE);
      if (isListed) {
        await server.request('tools/list', {});
        await delay(300);
      }
      const started = performance.now();
      const { structuredContent } = await server.call('search_code', { query: `w12 w77 round ${round}` });
      times.push(performance.now() - started);
      if (structuredContent.degraded !== undefined) degraded++;
      await server.end();
    }
    console.log(
      `${name.padEnd(30)} median ${median(times).toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms, ${degraded} by words alone`,
    );
  }
}

/** Searches one after the other; the embedding's share is measured by searches that need the same vector again. */
async function warm() {
  console.log(`\n## Warm search_code, ${options.chunks} chunks (200 searches, one after the other)`);
  const server = start(small);
  await server.request('initialize', INITIALIZE);
  await server.call('search_code', { query: 'warm up' });
  const whole = [];
  const inside = [];
  for (let round = 0; round < 200; round++) {
    const started = performance.now();
    const { structuredContent } = await server.call('search_code', {
      query: `w${round} w${round * 7} where is it done`,
    });
    whole.push(performance.now() - started);
    inside.push(structuredContent.milliseconds);
  }
  const like = [];
  for (let round = 0; round < 200; round++) {
    const started = performance.now();
    await server.call('find_similar', { path: 'part-0/file-0.txt', line: 1 + round });
    like.push(performance.now() - started);
  }
  const p95 = (/** @type {number[]} */ all) => all.toSorted((a, b) => a - b)[Math.floor(all.length * 0.95)];
  console.log(
    `search_code  median ${median(whole).toFixed(1)} ms, p95 ${p95(whole)?.toFixed(1)} ms; of it inside the search ${median(inside).toFixed(1)} ms`,
  );
  console.log(`find_similar median ${median(like).toFixed(1)} ms (no embedding)`);
  await server.end();
}

/** Resident memory: idle, and over many calls of several clients over HTTP. */
async function memory() {
  console.log(
    `\n## Memory of the server (${options.calls} calls of ${CLIENTS} clients over HTTP, ${options.chunks} chunks)`,
  );
  const server = await startHttp(small);
  await delay(1_000);
  console.log(`idle, nothing asked                 ${server.megabytes().toFixed(1)} MB`);
  await server.post('tools/list', {});
  await delay(1_000);
  console.log(`idle, embedder ready                ${server.megabytes().toFixed(1)} MB`);
  const calls = Number(options.calls);
  const seen = [];
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (next < calls) {
        const number = next++;
        const answer = await server.post('tools/call', callOf(number));
        if (answer.result?.isError !== false && answer.result?.isError !== undefined)
          throw new Error(JSON.stringify(answer));
        if (number % Math.ceil(calls / 100) === 0) seen.push({ number, megabytes: server.megabytes() });
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const at = (/** @type {number} */ share) => {
    const near = seen.filter(({ number }) => Math.abs(number - calls * share) <= calls * 0.05);
    return median(near.map((each) => each.megabytes));
  };
  console.log(
    `after ${[0.1, 0.25, 0.5, 0.75, 1].map((share) => `${share * calls}: ${at(share).toFixed(1)}`).join(', ')} MB`,
  );
  console.log(`peak ${server.peakMegabytes().toFixed(1)} MB; ${(calls / seconds).toFixed(0)} calls/s`);
  await server.end();
}

/** The same with half a million chunks. Making that index takes minutes, once. */
async function largeIndex() {
  await makeIndex(large, Number(options.large));
  console.log(`\n## Memory and time with ${options.large} chunks`);
  const server = await startHttp(large);
  const times = [];
  for (let number = 0; number < 500; number++) {
    const started = performance.now();
    await server.post('tools/call', callOf(number * 4));
    times.push(performance.now() - started);
  }
  console.log(
    `resident ${server.megabytes().toFixed(1)} MB after 500 searches, peak ${server.peakMegabytes().toFixed(1)}; median ${median(times).toFixed(0)} ms`,
  );
  await server.end();
}

/** A mix as agents ask it: mostly searches, some status. The files are made up, so nothing is read. */
function callOf(/** @type {number} */ number) {
  if (number % 10 === 3) return { name: 'index_status', arguments: {} };
  if (number % 10 === 7)
    return { name: 'find_similar', arguments: { path: 'part-0/file-0.txt', line: 1 + (number % 400) } };
  return {
    name: 'search_code',
    arguments: { query: `w${number % 997} w${number % 89} where is it done`, limit: 10 },
  };
}

/** A server over stdio that is spoken to in lines. */
function start(/** @type {string} */ folder) {
  const child = spawn(process.execPath, [program, 'serve-mcp', '--path', folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    waiting.get(message.id)?.(message);
  });
  let id = 0;
  const request = (/** @type {string} */ method, /** @type {object} */ params) =>
    new Promise((resolve) => {
      waiting.set(++id, resolve);
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  return {
    request,
    call: async (/** @type {string} */ name, /** @type {object} */ args) =>
      (await request('tools/call', { name, arguments: args })).result,
    end: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}

async function startHttp(/** @type {string} */ folder) {
  const env = { ...process.env, EMBED_SEARCH_TOKEN: TOKEN };
  const args = [program, 'serve-mcp', '--path', folder, '--http', '0'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [said] = await once(child.stderr, 'data');
  const url = /http:\S+/.exec(String(said))?.[0] ?? '';
  let id = 0;
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    authorization: `Bearer ${TOKEN}`,
  };
  return {
    post: async (/** @type {string} */ method, /** @type {object} */ params) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params });
      const answer = await (await fetch(url, { method: 'POST', headers, body })).text();
      return JSON.parse(/^data: (.*)$/m.exec(answer)?.[1] ?? answer);
    },
    megabytes: () => kilobytes(child.pid, 'VmRSS') / 1024,
    peakMegabytes: () => kilobytes(child.pid, 'VmHWM') / 1024,
    end: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

function kilobytes(/** @type {number | undefined} */ pid, /** @type {string} */ name) {
  return Number(
    new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
  );
}

function median(/** @type {readonly number[]} */ values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
