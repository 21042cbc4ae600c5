// 10,000 chunks of real text with their real embeddings, and real questions with theirs, kept in a folder of their own:
// they take some minutes to make, and everything larger is made from them.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createEmbedder } from '../../dist/lib/embedder/create-embedder.js';
import { resolveModel } from '../../dist/lib/models/resolve-model.js';
import { openLocalStore } from '../../dist/lib/store/local-store.js';
import { makeRealFolder, sourceFiles } from '../host/real-text.js';

export const DIMENSIONS = 384;
export const REAL_CHUNKS = 10_000;
const QUESTIONS = 300;
const BYTES_A_CHUNK = 560;
/** Of so many vectors the nearest ones are looked up; their differences are what made-up vectors are moved by. */
const SAMPLES = 2_000;
export const NEIGHBOURS = 10;
const PROGRAM = path.resolve(import.meta.dirname, '../../bin/run.js');

/** Makes the data where they are not there yet. */
export async function makeRealData(/** @type {string} */ folder) {
  if (existsSync(path.join(folder, 'neighbours.u32'))) return;
  console.log(`Making ${REAL_CHUNKS} real embeddings in ${folder}; this takes some minutes, once.`);
  mkdirSync(folder, { recursive: true });
  const sources = path.join(folder, 'sources');
  if (!existsSync(sources)) makeRealFolder(sources, { bytes: REAL_CHUNKS * BYTES_A_CHUNK });
  const { status } = spawnSync(process.execPath, [PROGRAM, 'index', sources], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`index ended with ${status}`);
  const vectors = await readIndex(sources, folder);
  await embedQuestions(folder);
  writeFileSync(path.join(folder, 'neighbours.new'), new Uint8Array(nearest(vectors).buffer));
  renameSync(path.join(folder, 'neighbours.new'), path.join(folder, 'neighbours.u32'));
  rmSync(sources, { recursive: true });
}

/** Texts as lines of JSON, one a file, and the vectors in the same order. */
async function readIndex(/** @type {string} */ sources, /** @type {string} */ folder) {
  const reader = await openLocalStore(path.join(sources, '.embed-search')).openReader();
  const vectors = new Float32Array(REAL_CHUNKS * DIMENSIONS);
  const lines = [];
  let count = 0;
  for (const file of reader.files()) {
    const chunks = [];
    for (const { id, startLine, endLine, symbol, text } of reader.chunksOfFile(file.id)) {
      const vector = await reader.vectorOf(id);
      if (vector === undefined || count === REAL_CHUNKS) continue;
      vectors.set(vector, count++ * DIMENSIONS);
      chunks.push({ startLine, endLine, symbol, text });
    }
    if (chunks.length > 0) lines.push(JSON.stringify({ path: file.path, language: file.language, chunks }));
  }
  reader.close();
  if (count < REAL_CHUNKS) throw new Error(`The sources give ${count} chunks only`);
  writeFileSync(path.join(folder, 'files.jsonl'), `${lines.join('\n')}\n`);
  writeFileSync(path.join(folder, 'vectors.f32'), new Uint8Array(vectors.buffer));
  return vectors;
}

/** Sentences of the last packages' own documentation, none of which is among the sources. */
async function embedQuestions(/** @type {string} */ folder) {
  const files = [...sourceFiles()].filter((file) => file.endsWith('.md')).reverse();
  const texts = new Set();
  for (const file of files) {
    const sentences = readFileSync(file, 'utf8').match(/^[A-Z][a-z][^`|<>[\]#*_\n]{30,140}[.?]$/gm) ?? [];
    for (const sentence of sentences.slice(0, 3)) texts.add(sentence);
    if (texts.size >= QUESTIONS) break;
  }
  const questions = [...texts].slice(0, QUESTIONS);
  const embedder = createEmbedder({ model: await resolveModel(undefined) });
  const vectors = new Float32Array(questions.length * DIMENSIONS);
  for (const [index, text] of questions.entries()) {
    const embedding = await embedder.embed(text);
    if (!embedding.ok) throw new Error(`not embedded: ${text}`);
    vectors.set(embedding.vector, index * DIMENSIONS);
  }
  await embedder.close();
  writeFileSync(path.join(folder, 'questions.json'), JSON.stringify(questions));
  writeFileSync(path.join(folder, 'questions.f32'), new Uint8Array(vectors.buffer));
}

/** For each sample its own number, then those of its nearest neighbours. */
function nearest(/** @type {Float32Array} */ vectors) {
  const found = new Uint32Array(SAMPLES * (1 + NEIGHBOURS));
  for (let sample = 0; sample < SAMPLES; sample++) {
    const own = Math.floor((sample * REAL_CHUNKS) / SAMPLES);
    /** @type {[number, number][]} */
    let best = [];
    for (let other = 0; other < REAL_CHUNKS; other++) {
      if (other === own) continue;
      let score = 0;
      for (let index = 0; index < DIMENSIONS; index++)
        score += (vectors[own * DIMENSIONS + index] ?? 0) * (vectors[other * DIMENSIONS + index] ?? 0);
      best.push([score, other]);
      if (best.length < 500) continue;
      best = best.sort((a, b) => b[0] - a[0]).slice(0, NEIGHBOURS);
    }
    best.sort((a, b) => b[0] - a[0]);
    found.set([own, ...best.slice(0, NEIGHBOURS).map(([, other]) => other)], sample * (1 + NEIGHBOURS));
  }
  return found;
}
