// What it costs to keep an index fresh: `index` where nothing has changed, where one file was edited, and where a
// branch switch brought back other files; `status`; how much memory the host takes for it. The texts are made up and
// have made-up vectors, so that no time is spent on embedding.
//
//   node bench/incremental.js [--files 50000] [--runs 5] [--program OTHER_CHECKOUT/bin/run.js]
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { indexFolder } from '../dist/lib/indexing/index-folder.js';
import { identityOf, modelFileNote } from '../dist/lib/indexing/model-of-index.js';
import { resolveModel } from '../dist/lib/models/resolve-model.js';
import { openLocalStore } from '../dist/lib/store/local-store.js';
import { watchCommand } from './host/watched-process.js';

const FILES_PER_FOLDER = 40;
const SWITCHED_FILES = 5_000;

const { values: options } = parseArgs({
  options: {
    files: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '5' },
    program: { type: 'string' },
  },
});
const files = Number(options.files);
const runs = Number(options.runs);
const folder = path.join(os.tmpdir(), 'embed-search-bench', `incremental-${files}`);
const programs = {
  this: undefined,
  ...(options.program === undefined ? {} : { other: path.resolve(options.program) }),
};

console.log(
  `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, Node ${process.version}, ${os.type()} ${os.release()}`,
);
if (!existsSync(`${folder}.made`)) await make();

const edited = nameOf(Math.floor(files / 2));
const cases = {
  'nothing changed': { before: () => {}, args: ['index', folder, '--json'] },
  // The text of another file, which has its vector.
  'one file edited': { before: editOne, args: ['index', folder, '--json'] },
  [`${Math.min(SWITCHED_FILES, files)} files written again`]: {
    before: writeAgain,
    args: ['index', folder, '--json'],
  },
  status: { before: () => {}, args: ['status', '--path', folder, '--json'] },
};
for (const [name, program] of Object.entries(programs)) {
  console.log(
    `\n## ${name === 'this' ? 'this checkout' : program}, ${files} files, ${runs} runs each, in turns`,
  );
  /** @type {Record<string, {seconds: number[], peak: number}>} */
  const seen = Object.fromEntries(Object.keys(cases).map((each) => [each, { seconds: [], peak: 0 }]));
  for (let run = 0; run <= runs; run++) {
    for (const [each, { before, args }] of Object.entries(cases)) {
      before(run);
      await settled();
      const { code, stdout, milliseconds, hostPeakMegabytes } = await watchCommand(args, program);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}`);
      if (run === 0) continue; // the first warms the page cache
      seen[each]?.seconds.push(milliseconds / 1000);
      if (seen[each]) seen[each].peak = Math.max(seen[each].peak, hostPeakMegabytes);
    }
  }
  const unchanged = median(seen['nothing changed']?.seconds ?? []);
  console.log(`${'case'.padEnd(28)}seconds  x nothing changed  host peak MB`);
  for (const [each, { seconds, peak }] of Object.entries(seen)) {
    const middle = median(seconds);
    console.log(
      `${each.padEnd(28)}${middle.toFixed(2).padEnd(9)}${(middle / unchanged).toFixed(2).padEnd(19)}${peak.toFixed(0)}`,
    );
  }
}

/** Files of one to a few chunks in folders of FILES_PER_FOLDER, indexed, each text with a vector. */
async function make() {
  rmSync(folder, { recursive: true, force: true });
  for (let file = 0; file < files; file++) {
    const at = path.join(folder, nameOf(file));
    if (file % FILES_PER_FOLDER === 0) mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, textOf(file));
  }
  await settled();
  const started = performance.now();
  await indexFolder({ root: folder, model: path.join(folder, 'no-such.gguf') });
  const writer = await openLocalStore(path.join(folder, '.embed-search')).openWriter({ root: folder });
  const model = await resolveModel(undefined);
  writer.setIdentity(identityOf(model), modelFileNote(model, undefined));
  for (let chunks = writer.pendingChunks(500); chunks.length > 0; chunks = writer.pendingChunks(500)) {
    writer.stageVectors(
      chunks.map(({ embeddingKey }) => ({ key: embeddingKey, vector: unit(model.dimensions) })),
    );
    await writer.publish();
  }
  await writer.publish({ all: true });
  const { chunks } = writer.counts();
  await writer.close();
  writeFileSync(`${folder}.made`, '');
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`made ${files} files, ${chunks} chunks; their words took ${seconds} s`);
}

/** What is as young as the index may have been written while it was read, and would be looked at once more. */
function settled() {
  return new Promise((resolve) => setTimeout(resolve, 2_500));
}

function nameOf(/** @type {number} */ file) {
  const place = Math.floor(file / FILES_PER_FOLDER);
  return path.join(`part-${place % 50}`, `folder-${place}`, `note-${file}.txt`);
}

function textOf(/** @type {number} */ file) {
  const lines = Array.from(
    { length: 6 },
    (_, line) => `Line ${line} of note ${file} speaks of thing ${(file * 7 + line * 13) % 9_973}.`,
  );
  return `${lines.join('\n')}\n`;
}

function editOne(/** @type {number} */ run) {
  writeFileSync(path.join(folder, edited), textOf(run));
}

/** As git does when a branch is left and taken again: the same bytes in new files. */
function writeAgain() {
  for (let file = 0; file < Math.min(SWITCHED_FILES, files); file++) {
    const at = path.join(folder, nameOf(file));
    writeFileSync(`${at}.new`, readFileSync(at));
    renameSync(`${at}.new`, at);
  }
}

function unit(/** @type {number} */ dimensions) {
  const vector = Float32Array.from({ length: dimensions }, () => Math.random() - 0.5);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

function median(/** @type {readonly number[]} */ values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
