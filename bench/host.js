// What a user pays beside the embedding: memory of the host, cold starts, the first answer, the size of an install, and
// how much of a bare loop over the binding is left of the speed.
//
//   node bench/host.js [--chunks 10000] [--only memory,cold,words,rate,size]
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { locateRuntime } from '../dist/lib/embedder/locate-runtime.js';
import { shippedModelPath } from '../dist/lib/models/resolve-model.js';
import { loadShippedTokenCounter } from '../dist/lib/models/wordpiece.js';
import { makeParagraphs, makeRealFolder } from './host/real-text.js';
import { startCommand, watchCommand } from './host/watched-process.js';

const BYTES_A_CHUNK = 500; // sources of this repository; the number that came out is printed
const PAIRS = 15;
const RATE_TEXTS = 1200;
const QUESTIONS = [
  'where do we retry a failed upload',
  'parse the command line flags',
  'read a file as a stream of lines',
  'escape a string for a regular expression',
  'how is the memory of a process measured',
];
const PARTS = { memory, cold, words, rate, size };

const { values: options } = parseArgs({
  options: {
    chunks: { type: 'string', default: '10000' },
    only: { type: 'string', default: Object.keys(PARTS).join(',') },
  },
});
const root = path.resolve(import.meta.dirname, '..');
const work = path.join(os.tmpdir(), 'embed-search-bench', 'host');
const folder = path.join(work, `folder-${options.chunks}`);
const wanted = options.only.split(',');

console.log(
  `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}, ${os.type()} ${os.release()}`,
);
for (const [name, part] of Object.entries(PARTS)) if (wanted.includes(name)) await part();

/** Peak of every command over an index of that many chunks. */
async function memory() {
  const made = makeRealFolder(folder, { bytes: Number(options.chunks) * BYTES_A_CHUNK });
  console.log(`\n## Memory (${made.files} files, ${(made.bytes / 1e6).toFixed(1)} MB of text)`);
  const questions = path.join(work, 'questions.txt');
  writeFileSync(
    questions,
    Array.from({ length: 100 }, (_, index) => `${QUESTIONS[index % QUESTIONS.length]}\n`).join(''),
  );
  const commands = [
    ['index', folder, '--rebuild'],
    ['index', folder],
    ['index', folder, '--dry-run'],
    ['query', QUESTIONS[0], '--path', folder],
    ['query', QUESTIONS[0], '--path', folder, '--mode', 'lexical'],
    ['query', QUESTIONS[0], '--path', folder, '--mode', 'vector'],
    ['query', '--batch', questions, '--path', folder],
    ['status', '--path', folder],
    ['--help'],
  ];
  console.log('command                                   exit  seconds  host peak MB  embedder anonymous MB');
  for (const command of commands) {
    const seen = await watchCommand(command[0] === '--help' ? command : [...command, '--json']);
    const shown = command.filter(
      (part) => part !== folder && part !== '--path' && part !== QUESTIONS[0] && part !== questions,
    );
    const figures = [
      (seen.milliseconds / 1000).toFixed(1),
      seen.hostPeakMegabytes.toFixed(0),
      seen.childAnonymousMegabytes.toFixed(0),
    ];
    console.log(
      `${shown.join(' ').padEnd(42)}${String(seen.code).padEnd(6)}${figures[0]?.padEnd(9)}${figures[1]?.padEnd(14)}${figures[2]}`,
    );
    if (command[2] === '--rebuild')
      console.log(`  chunks: ${JSON.stringify(JSON.parse(seen.stdout).result?.chunks)}`);
  }
}

/** Cold queries beside `node -e 0`, in turns, medians. Needs the index that `memory` leaves. */
function cold() {
  const query = ['query', QUESTIONS[0] ?? '', '--path', folder, '--json', '--mode'];
  const program = path.join(root, 'bin/run.js');
  const kinds = {
    'node -e 0': ['-e', '0'],
    lexical: [program, ...query, 'lexical'],
    hybrid: [program, ...query, 'hybrid'],
  };
  const times = Object.fromEntries(Object.keys(kinds).map((name) => [name, /** @type {number[]} */ ([])]));
  for (let pair = 0; pair <= PAIRS; pair++) {
    for (const [name, args] of Object.entries(kinds)) {
      const started = performance.now();
      const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
      if (status !== 0) throw new Error(`${name} ended with ${status}: run the part "memory" first`);
      if (pair > 0) times[name]?.push(performance.now() - started); // the first warms the page cache
    }
  }
  console.log(`\n## Cold start (median of ${PAIRS}, in turns)`);
  const bare = median(times['node -e 0'] ?? []);
  for (const [name, all] of Object.entries(times)) {
    console.log(
      `${name.padEnd(12)}${median(all).toFixed(0).padStart(5)} ms   ${(median(all) / bare).toFixed(1)} x`,
    );
  }
}

/** How long after its start a first `index` of 5,000 files lets a query answer from words. */
async function words() {
  const many = path.join(work, 'folder-5000-files');
  const made = makeRealFolder(many, { files: 5000 });
  const started = performance.now();
  const indexing = startCommand(['index', many, '--rebuild', '--json'], 'ignore');
  const ended = new Promise((resolve) => indexing.once('close', resolve));
  let answer;
  let rounds = 0;
  do {
    const seen = await watchCommand(['query', 'parse', '--path', many, '--mode', 'lexical', '--json']);
    answer = seen.code === 0 ? JSON.parse(seen.stdout).result : undefined;
    rounds += 1;
  } while (!answer?.hits.length && indexing.exitCode === null);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `\n## First answer by words while ${made.files} files (${(made.bytes / 1e6).toFixed(1)} MB) are being indexed`,
  );
  console.log(
    `${seconds.toFixed(1)} s, ${answer?.hits.length} hits, coverage ${JSON.stringify(answer?.coverage)}, asked ${rounds} times`,
  );
  indexing.kill('SIGINT');
  await ended;
}

/** Texts of 120 tokens through the whole command beside a bare loop with as many lanes, in turns. */
async function rate() {
  const lanes = Math.max(1, os.availableParallelism());
  const into = path.join(work, 'paragraphs');
  const countTokens = await loadShippedTokenCounter();
  const texts = makeParagraphs(into, { files: RATE_TEXTS, tokens: 118, countTokens });
  const ratios = [];
  const { path: binding } = locateRuntime('direct');
  console.log(`\n## Embedding ${RATE_TEXTS} texts of up to 120 tokens, ${lanes} lanes (texts/s)`);
  for (let pair = 0; pair < 3; pair++) {
    const bare = await bareLoop([shippedModelPath(), binding, String(lanes)], texts);
    const seen = await watchCommand(['index', into, '--rebuild', '--lanes', String(lanes), '--json']);
    // Loading counts on neither side.
    const { chunks, embeddingSeconds } = JSON.parse(seen.stdout).result;
    const whole = chunks.embedded / embeddingSeconds;
    ratios.push(whole / bare);
    console.log(
      `bare loop ${bare.toFixed(1)}   whole command ${whole.toFixed(1)} (${chunks.embedded} chunks)   ratio ${(whole / bare).toFixed(2)}`,
    );
  }
  console.log(`median ratio ${median(ratios).toFixed(2)}`);
}

async function bareLoop(/** @type {string[]} */ args, /** @type {string[]} */ texts) {
  const program = path.join(import.meta.dirname, 'host', 'bare-loop.js');
  const child = spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin.end(JSON.stringify(texts));
  let output = '';
  for await (const part of child.stdout) output += part;
  return Number(output);
}

/** What `npm install` of the packed tarball puts on the disk. `dist` must be built. */
async function size() {
  mkdirSync(work, { recursive: true });
  const elsewhere = mkdtempSync(path.join(work, 'install-'));
  const run = promisify(execFile);
  const { stdout } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', elsewhere],
    { cwd: root },
  );
  const [packed] = JSON.parse(stdout);
  const install = [
    'install',
    '--omit=dev',
    '--no-audit',
    '--no-fund',
    '--prefix',
    elsewhere,
    path.join(elsewhere, packed.filename),
  ];
  await run('npm', install, { cwd: elsewhere });
  const modules = path.join(elsewhere, 'node_modules');
  const own = bytesBelow(path.join(modules, 'embed-search'));
  const all = bytesBelow(modules);
  console.log('\n## Production install');
  console.log(
    `tarball ${megabytes(packed.size)}, node_modules ${megabytes(all)}, of it embed-search itself ${megabytes(own)}`,
  );
  rmSync(elsewhere, { recursive: true, force: true });
}

function bytesBelow(/** @type {string} */ below) {
  return readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

function megabytes(/** @type {number} */ bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

function median(/** @type {readonly number[]} */ values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
