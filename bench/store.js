// The store at 10,000 to 1,000,000 chunks: memory of the writer and of a process that asks, time of a warm hybrid query
// without the embedding, recall of the two stages against an exact scan, bytes by part. Up to 10,000 the embeddings
// are real; beyond them see bench/store/corpus.js, and the part `likeness`, which shows that they are like the real ones.
//
//   node bench/store.js [--sizes 10000,100000] [--only likeness,write,ask,recall] [--keep]
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { DIMENSIONS, makeRealData } from './store/real-data.js';

const AS_THE_PROGRAM = new URL('./store/as-the-program.js', import.meta.url).href;
const QUESTIONS = 200;
/** An exact scan of a million vectors takes seconds. */
const SCANNED_VECTORS = 20_000_000;
const SHARES = ['1', '0.5', '0.1', '0.01', '0.001'];

const { values: options } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000,500000,1000000' },
    only: { type: 'string', default: 'likeness,write,ask,recall' },
    keep: { type: 'boolean', default: false },
  },
});
const parts = new Set(options.only.split(','));
const work = path.join(os.tmpdir(), 'embed-search-bench', 'store');
const data = path.join(work, 'real');

console.log(
  `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}, ${os.type()} ${os.release()}`,
);
await makeRealData(data);
if (parts.has('likeness')) await likeness();
for (const size of options.sizes.split(',')) await measure(size, path.join(work, `index-${size}`));

async function likeness() {
  const [figures] = await run('likeness.js', [data]);
  console.log(
    '\n## 10,000 real vectors beside 10,000 made up: cosines of the 1st and 10th neighbour, recall@10',
  );
  for (const [name, { cosines, recall }] of Object.entries(figures))
    console.log(`${name.padEnd(8)} ${cosines.join(' ')}  ${row(recall)}`);
}

async function measure(/** @type {string} */ size, /** @type {string} */ index) {
  console.log(`\n## ${Number(size).toLocaleString('en')} chunks`);
  if (parts.has('write') || !existsSync(index)) {
    const [written] = await run('write.js', [data, index, size]);
    const { wordsSeconds, vectorsSeconds, wordsPeak, peak, textBytes, bytes } = written;
    console.log(
      `writer   words ${wordsSeconds.toFixed(1)} s, vectors ${vectorsSeconds.toFixed(1)} s, peak ${peak.toFixed(0)} MB (words ${wordsPeak.toFixed(0)})`,
    );
    const vectorBytes = Number(size) * DIMENSIONS * 4;
    const most = 1.3 * vectorBytes + 2 * textBytes;
    console.log(
      `bytes    database ${megabytes(bytes.database)}, vectors ${megabytes(bytes.vectors)}, together ${(bytes.total / most).toFixed(2)} of the limit ` +
        `(1.3 x ${megabytes(vectorBytes)} of vectors + 2 x ${megabytes(textBytes)} of text)`,
    );
  }
  if (parts.has('ask')) {
    const [asked] = await run('ask.js', [data, index, String(QUESTIONS)]);
    const { peak, processorMilliseconds, ...times } = asked;
    console.log(
      `ask      peak ${peak.toFixed(0)} MB, processor ${processorMilliseconds.toFixed(1)} ms a question`,
    );
    for (const [name, [p50, p99]] of Object.entries(times))
      console.log(`  ${name.padEnd(11)} p50 ${p50.toFixed(1)} ms   p99 ${p99.toFixed(1)} ms`);
  }
  if (parts.has('recall')) {
    const questions = Math.max(20, Math.min(QUESTIONS, Math.floor(SCANNED_VECTORS / Number(size))));
    for (const figures of await run('recall.js', [data, index, String(questions), ...SHARES]))
      console.log(`recall   ${row(figures)}   (${questions} questions)`);
  }
  if (!options.keep) rmSync(index, { recursive: true, force: true });
}

/** Each part is a process of its own: what it holds at its peak is its own doing. */
async function run(/** @type {string} */ program, /** @type {string[]} */ args) {
  const file = path.join(import.meta.dirname, 'store', program);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', AS_THE_PROGRAM, file, ...args]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function row(/** @type {Record<string, number>} */ figures) {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Number(value.toFixed(4))}`)
    .join('  ');
}

function megabytes(/** @type {number} */ bytes) {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
