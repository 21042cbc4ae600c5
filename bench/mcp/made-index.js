// An index of many chunks without embedding them: made-up texts and random unit vectors, but of the shipped model's
// identity, so that a query's real vector is compared with all of them. For speed and memory, not for quality.
import { createHash } from 'node:crypto';
import { mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { READING_RULES } from '../../dist/lib/corpus/read-text.js';
import { identityOf, modelFileNote } from '../../dist/lib/indexing/model-of-index.js';
import { SEARCH_WORDS } from '../../dist/lib/indexing/search-words.js';
import { resolveModel } from '../../dist/lib/models/resolve-model.js';
import { openLocalStore } from '../../dist/lib/store/local-store.js';

const CHUNKS_A_FILE = 50;
const LINES_A_CHUNK = 10;
const WORDS = 20_000;

/** Makes an index of `chunks` chunks in `folder`, unless it is there, and its files. */
export async function makeIndex(/** @type {string} */ folder, /** @type {number} */ chunks) {
  mkdirSync(folder, { recursive: true });
  const store = openLocalStore(path.join(folder, '.embed-search'));
  if (store.exists()) return;
  const random = randomNumbers();
  const spec = await resolveModel(undefined);
  const writer = await store.openWriter({ root: folder });
  writer.setIdentity(identityOf(spec), modelFileNote(spec, undefined));
  await writer.setWords(SEARCH_WORDS);
  const vector = new Float32Array(spec.dimensions);
  for (let file = 0; file * CHUNKS_A_FILE < chunks; file++) {
    const texts = Array.from({ length: Math.min(CHUNKS_A_FILE, chunks - file * CHUNKS_A_FILE) }, () =>
      text(random),
    );
    const name = `part-${file % 100}/file-${file}.txt`;
    const record = { ...writeFile(path.join(folder, name), texts.join('\n')), path: name, language: 'text' };
    const rows = texts.map((body, index) => ({
      startLine: index * LINES_A_CHUNK + 1,
      endLine: (index + 1) * LINES_A_CHUNK,
      text: body,
      embeddingKey: digest(body),
    }));
    writer.transaction(() => writer.putFile(record, rows));
    for (;;) {
      const pending = writer.pendingChunks(500);
      if (pending.length === 0) break;
      writer.stageVectors(pending.map(({ embeddingKey: key }) => ({ key, vector: unit(vector, random) })));
    }
    if (file % 40 === 39) await writer.publish();
  }
  const now = new Date().toISOString();
  writer.noteLook({ startedAt: Date.now(), rules: READING_RULES });
  writer.noteRun({ startedAt: now, endedAt: now, outcome: 'done' });
  await writer.publish({ all: true });
  await writer.sweep();
  await writer.close();
}

/** Long ago, so that nobody has to look into it again. */
function writeFile(/** @type {string} */ file, /** @type {string} */ content) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  const { size, mtimeMs, ino: inode } = statSync(file);
  return { size, mtimeMs, inode, hash: digest(content) };
}

function text(/** @type {() => number} */ random) {
  const lines = Array.from({ length: LINES_A_CHUNK }, () =>
    // Squared, so that some words are common and most are rare.
    Array.from({ length: 8 }, () => `w${Math.floor(random() ** 2 * WORDS)}`).join(' '),
  );
  return lines.join('\n');
}

function unit(/** @type {Float32Array} */ vector, /** @type {() => number} */ random) {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) {
    const value = random() - 0.5;
    vector[at] = value;
    sum += value * value;
  }
  const scale = 1 / Math.sqrt(sum);
  return vector.map((value) => value * scale);
}

function digest(/** @type {string} */ content) {
  return createHash('sha256').update(content).digest('hex');
}

/** Between 0 and 1, the same in every run. Source: xorshift32, Marsaglia 2003. */
function randomNumbers(seed = 1) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
