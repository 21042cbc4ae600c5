// The same vectors in other stores: time, memory, recall and size on disk. They are installed in this folder only:
//
//   npm install --prefix bench/store-peers && node bench/store-peers/run.js [--sizes 10000,100000] [--only ENGINE,...]
//
// What does not install or cannot hold the data says so in its line.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { Corpus, readQuestions } from '../store/corpus.js';
import { makeRealData } from '../store/real-data.js';
import { ENGINES } from './engines.js';

const NEAREST = 10;
/** A child that takes longer has failed for our purpose. */
const LONGEST_MILLISECONDS = 900_000;
const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000' },
    only: { type: 'string', default: Object.keys(ENGINES).join(';') },
  },
});
const work = path.join(os.tmpdir(), 'embed-search-bench', 'store');
const data = path.join(work, 'real');
await makeRealData(data);

for (const size of options.sizes.split(',').map(Number)) {
  const truth = exactNearest(size);
  console.log(`\n## ${size.toLocaleString('en')} vectors of 384 numbers`);
  console.log(
    'store                 build s  peak MB   ask p50 ms  processor ms  peak MB  recall@10  disk MB',
  );
  for (const name of options.only.split(';')) console.log(await measure(name, size, truth));
}

/** @returns {Promise<string>} a line of the table */
async function measure(
  /** @type {string} */ name,
  /** @type {number} */ size,
  /** @type {Set<number>[]} */ truth,
) {
  const folder = path.join(work, `peer-${name.replaceAll(/\W+/g, '-')}-${size}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    const built = await child(name, 'build', folder, size);
    const asked = await child(name, 'ask', folder, size);
    const found = asked.found.flatMap((/** @type {number[]} */ numbers, /** @type {number} */ question) =>
      numbers.filter((number) => truth[question]?.has(number)),
    ).length;
    const figures = [
      built.seconds.toFixed(1).padStart(7),
      built.peak.toFixed(0).padStart(8),
      asked.p50.toFixed(1).padStart(12),
      asked.processor.toFixed(1).padStart(13),
      asked.peak.toFixed(0).padStart(8),
      (found / truth.length / NEAREST).toFixed(3).padStart(10),
      (bytesBelow(folder) / 1e6).toFixed(0).padStart(8),
    ];
    return `${name.padEnd(21)}${figures.join(' ')}   ${ENGINES[name]?.note ?? ''}`;
  } catch (error) {
    return `${name.padEnd(21)} failed: ${reasonOf(error)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function child(
  /** @type {string} */ name,
  /** @type {string} */ job,
  /** @type {string} */ folder,
  /** @type {number} */ size,
) {
  const file = path.join(import.meta.dirname, 'child.js');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [file, job, name, data, folder, String(size)],
    {
      timeout: LONGEST_MILLISECONDS,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** The numbers of the ten nearest of each question that `child.js` asks, by brute force. */
function exactNearest(/** @type {number} */ size) {
  // Once: each look at a question's vector reads it from the disk.
  const questions = readQuestions(data)
    .slice(0, 100)
    .map(({ vector }) => vector);
  const corpus = new Corpus(data);
  /** @type {{number: number, score: number}[][]} */
  const best = questions.map(() => []);
  for (let number = 0; number < size; number++) {
    const vector = corpus.vector(number);
    for (const [index, question] of questions.entries()) {
      let score = 0;
      for (let at = 0; at < vector.length; at++) score += (vector[at] ?? 0) * (question[at] ?? 0);
      const list = best[index] ?? [];
      if (list.length === NEAREST && score <= (list.at(-1)?.score ?? 0)) continue;
      list.push({ number, score });
      list.sort((a, b) => b.score - a.score);
      list.length = Math.min(list.length, NEAREST);
    }
  }
  corpus.close();
  return best.map((list) => new Set(list.map(({ number }) => number)));
}

function bytesBelow(/** @type {string} */ folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

/** What a child that failed wrote of its error, or how it ended. */
function reasonOf(/** @type {unknown} */ error) {
  const { stderr = '', signal, message } = /** @type {any} */ (error);
  const line = /^(?:\w*Error|Error|FATAL ERROR|RangeError).*$/m.exec(stderr)?.[0];
  return line ?? (signal ? `ended by ${signal}` : message.split('\n')[0]);
}
