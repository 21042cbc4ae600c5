// A corpus of any size: the real chunks first, then copies of them that differ from each other in words and vectors.
// Read from the disk piece by piece, so that the process that uses it is measured and not its data.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { DIMENSIONS, NEIGHBOURS, REAL_CHUNKS } from './real-data.js';

const ROW_BYTES = DIMENSIONS * 4;

export class Corpus {
  #lines;
  #vectors;
  /** @type {[offset: number, bytes: number][]} */
  #files = [];
  #neighbours;

  constructor(/** @type {string} */ folder) {
    this.#lines = openSync(path.join(folder, 'files.jsonl'), 'r');
    this.#vectors = openSync(path.join(folder, 'vectors.f32'), 'r');
    const bytes = readFileSync(path.join(folder, 'neighbours.u32'));
    this.#neighbours = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const text = readFileSync(path.join(folder, 'files.jsonl'));
    for (let start = 0; start < text.length;) {
      const end = text.indexOf(10, start);
      this.#files.push([start, end - start]);
      start = end + 1;
    }
  }

  /** Files of `count` chunks in all, as the store's writer takes them. */
  *files(/** @type {number} */ count) {
    let left = count;
    for (let copy = 0; left > 0; copy++) {
      for (const [offset, bytes] of this.#files) {
        if (left === 0) return;
        const line = Buffer.alloc(bytes);
        readSync(this.#lines, line, 0, bytes, offset);
        const file = JSON.parse(line.toString());
        const chunks = file.chunks
          .slice(0, left)
          .map((/** @type {any} */ chunk, /** @type {number} */ index) => ({
            ...chunk,
            text: renamed(chunk.text, copy),
            embeddingKey: digest(`${copy} ${file.path} ${index}`),
          }));
        left -= chunks.length;
        const name = copy === 0 ? file.path : `copy${copy}/${file.path}`;
        const hash = digest(name);
        const record = { path: name, size: bytes, mtimeMs: 1, inode: 1, hash, language: file.language };
        yield { record, chunks };
      }
    }
  }

  /**
   * The vector of a chunk, in the order of `files`. Copies are moved by the difference between a real vector and one of
   * its nearest neighbours, which keeps length and direction of what real vectors differ by.
   */
  vector(/** @type {number} */ index) {
    const copy = Math.floor(index / REAL_CHUNKS);
    const own = this.#real(index % REAL_CHUNKS);
    if (copy === 0) return own;
    const random = createHash('sha256').update(String(index)).digest();
    const start = (random.readUInt32LE(0) % (this.#neighbours.length / (NEIGHBOURS + 1))) * (NEIGHBOURS + 1);
    const one = this.#real(this.#neighbours[start] ?? 0);
    const other = this.#real(this.#neighbours[start + 1 + (random.readUInt32LE(4) % NEIGHBOURS)] ?? 0);
    for (let at = 0; at < DIMENSIONS; at++) own[at] = (own[at] ?? 0) + (one[at] ?? 0) - (other[at] ?? 0);
    const norm = Math.hypot(...own);
    return own.map((value) => value / norm);
  }

  close() {
    closeSync(this.#lines);
    closeSync(this.#vectors);
  }

  #real(/** @type {number} */ row) {
    const vector = new Float32Array(DIMENSIONS);
    readSync(this.#vectors, new Uint8Array(vector.buffer), 0, ROW_BYTES, row * ROW_BYTES);
    return vector;
  }
}

/** The questions and their vectors, which are read when they are asked for: a process that asks has no more of them. */
export function readQuestions(/** @type {string} */ folder) {
  /** @type {string[]} */
  const texts = JSON.parse(readFileSync(path.join(folder, 'questions.json'), 'utf8'));
  const file = openSync(path.join(folder, 'questions.f32'), 'r');
  return texts.map((text, index) => ({
    text,
    get vector() {
      const vector = new Float32Array(DIMENSIONS);
      readSync(file, vector, 0, vector.byteLength, index * vector.byteLength);
      return vector;
    },
  }));
}

/** As in another project: what is common stays, every other long name is one of its own. */
function renamed(/** @type {string} */ text, /** @type {number} */ copy) {
  if (copy === 0) return text;
  const suffix = String(copy).replaceAll(/./g, (digit) => 'bcdfghjklm'[Number(digit)] ?? '');
  return text.replaceAll(/[a-z]{9,}\b/g, (word) => (word.charCodeAt(2) % 2 === 0 ? word + suffix : word));
}

function digest(/** @type {string} */ text) {
  return createHash('sha256').update(text).digest('hex');
}
