import { createHash } from 'node:crypto';
import path from 'node:path';

// Made-up files, texts and vectors, in plain JavaScript: child programs use them too.

const DIMENSIONS = 96;

export const identity = {
  modelId: 'stand-in',
  modelSha256: 'ab'.repeat(32),
  dimensions: DIMENSIONS,
  pooling: 'mean',
  queryPrefix: '',
  documentPrefix: '',
  tokenLimit: 128,
  normalization: 'none',
};
/** The words of a text are the text. */
export const wordRules = { version: 'as it is', wordsOf: (/** @type {string} */ text) => text };
export const modelFile = { path: '/models/stand-in.gguf', bytes: 1, mtimeMs: 1 };

/** @param {string} text */
export function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * A file whose chunks are `texts`, ten lines each.
 *
 * @param {string} filePath
 * @param {readonly string[]} texts
 * @returns {[import('#dist/lib/store/types.js').FileRecord, import('#dist/lib/store/types.js').NewChunk[]]}
 */
export function file(filePath, texts) {
  const record = {
    path: filePath,
    size: texts.join('\n').length,
    mtimeMs: 1234.5,
    inode: 7,
    hash: sha256(texts.join('\n')),
    language: path.extname(filePath).slice(1),
  };
  const chunks = texts.map((text, index) => ({
    startLine: index * 10 + 1,
    endLine: index * 10 + 10,
    text,
    embeddingKey: sha256(text),
  }));
  return [record, chunks];
}

/**
 * Numbers between 0 and 1, the same for the same seed (xorshift32).
 *
 * @param {number} seed
 */
export function randomNumbers(seed) {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** @param {Float32Array} vector */
export function unit(vector) {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

/**
 * The unit vector of a text: what a model would be, for tests that need no meaning.
 *
 * @param {string} text
 */
export function vectorOf(text) {
  return vectorOfKey(sha256(text));
}

/** @param {string} key */
function vectorOfKey(key) {
  const random = randomNumbers(Number.parseInt(key.slice(0, 8), 16));
  return unit(Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5));
}

/**
 * Gives every pending text its vector, and publishes what fills a shard (`all`: everything).
 *
 * @param {import('#dist/lib/store/types.js').StoreWriter} writer
 * @param {{ all?: boolean }} options
 */
export async function embedPending(writer, options = {}) {
  for (;;) {
    const pending = writer.pendingChunks(500);
    if (pending.length === 0) break;
    writer.stageVectors(
      pending.map(({ embeddingKey }) => ({ key: embeddingKey, vector: vectorOfKey(embeddingKey) })),
    );
    await writer.publish();
  }
  await writer.publish(options);
}
