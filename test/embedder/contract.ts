import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifies } from '../house/promises.js';

import type { Embedding, EmbeddingProvider } from '#dist/lib/embedder/types.js';

interface Reference {
  readonly text: string;
  readonly tokens: number;
  /** base64 of little-endian float32 */
  readonly vector: string;
}

const LEAST_COSINE = 0.999;
const MOST_TOKENS = 256;

/** What every implementation of EmbeddingProvider must do, on the model that ships. */
export function describeEmbeddingProvider(name: string, create: () => EmbeddingProvider): void {
  describe(`${name}, by the contract of an EmbeddingProvider`, () => {
    const url = new URL('../../models/reference-vectors.json', import.meta.url);
    const references = (JSON.parse(readFileSync(url, 'utf8')) as { texts: Reference[] }).texts;
    const fitting = references.filter(({ tokens }) => tokens < MOST_TOKENS);
    let provider: EmbeddingProvider;

    beforeAll(() => {
      provider = create();
    });
    afterAll(() => provider.close());

    it('gives the reference vectors, in the order of the texts', async () => {
      verifies('runtimes-agree');
      expect(fitting.length).toBeGreaterThan(15);
      const embeddings = await provider.embedBatch(fitting.map(({ text }) => text));
      for (const [index, reference] of fitting.entries()) {
        const embedding = vectorOf(embeddings[index]);
        expect(embedding.tokens, reference.text).toBe(reference.tokens);
        expect(cosine(embedding.vector, decode(reference.vector)), reference.text).toBeGreaterThanOrEqual(
          LEAST_COSINE,
        );
      }
    });

    it('gives vectors of unit length', async () => {
      const { vector } = vectorOf(await provider.embed('any text'));
      expect(vector).toBeInstanceOf(Float32Array);
      expect(vector).toHaveLength(384);
      expect(cosine(vector, vector)).toBeCloseTo(1, 5);
    });

    it('gives the same vector whatever else is asked for at the same time', async () => {
      const texts = Array.from(
        { length: 25 },
        (_, index) => `function number${index}() { return ${'value + '.repeat(index % 7)}${index}; }`,
      );
      const together = await provider.embedBatch(texts);
      for (const index of [0, 7, 13, 24]) {
        const alone = vectorOf(await provider.embed(texts[index]!));
        expect(cosine(alone.vector, vectorOf(together[index]).vector)).toBeGreaterThan(0.999999);
      }
    });

    it('marks a text over the token limit with its length and cuts none', async () => {
      verifies('no-text-cut');
      const [fits, long] = await provider.embedBatch([
        'word '.repeat(254).trim(),
        'word '.repeat(255).trim(),
      ]);
      expect(vectorOf(fits).tokens).toBe(256);
      expect(long).toEqual({ ok: false, reason: 'too-long', tokens: 257 });
    });

    it('marks a text that is too large for one message', async () => {
      const embedding = await provider.embed('x'.repeat(100_000));
      expect(embedding).toMatchObject({ ok: false, reason: 'too-long' });
    });

    it('takes an empty text for one without words', async () => {
      const [empty, blank] = await provider.embedBatch(['', ' \n\t ']);
      expect(vectorOf(empty).tokens).toBe(2);
      expect(cosine(vectorOf(empty).vector, vectorOf(blank).vector)).toBeCloseTo(1, 5);
    });

    it('takes spelled-out special tokens, lone surrogates and zero bytes as text', async () => {
      for (const embedding of await provider.embedBatch(['[SEP] [CLS]', '\ud800 lone', 'a\0b']))
        vectorOf(embedding);
    });

    it('gives nothing for nothing', async () => {
      expect(await provider.embedBatch([])).toEqual([]);
    });

    it('rejects with the reason of an aborted signal and works on', async () => {
      const reason = new Error('no longer wanted');
      const signal = AbortSignal.abort(reason);
      await expect(provider.embed('text of an aborted caller', { signal })).rejects.toBe(reason);
      await expect(provider.embedBatch(['more', 'of it'], { signal })).rejects.toBe(reason);
      vectorOf(await provider.embed('text of a patient caller'));
    });
  });
}

function vectorOf(embedding: Embedding | undefined): { vector: Float32Array; tokens: number } {
  if (embedding === undefined || !embedding.ok) throw new Error(`no vector but ${JSON.stringify(embedding)}`);
  return embedding;
}

function cosine(one: Float32Array, other: Float32Array): number {
  let [dot, left, right] = [0, 0, 0];
  for (const [index, value] of one.entries()) {
    dot += value * other[index]!;
    left += value * value;
    right += other[index]! * other[index]!;
  }
  return dot / Math.sqrt(left * right);
}

function decode(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);
}
