import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';
import type { EmbedderModel, EmbedderOptions } from '#dist/lib/embedder/types.js';
import { describeModel } from '#dist/lib/models/model-spec.js';
import { verifies } from '../house/promises.js';
import { TINY_CONTEXT, TINY_DIMENSIONS, TINY_MODELS } from '../models/tiny-models.js';

const LEAST_COSINE = 0.999;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'embed-search-kinds-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TEXTS = [
  'the cat sat on the mat',
  'function retry_upload(file) { return value; }',
  'Überraschung, 猫 и кот',
  '',
  '<s> [SEP] <|endoftext|> </s>',
  'the cat sat on the mat. '.repeat(12),
];

interface Given {
  readonly tokens: number;
  readonly vector: Float32Array;
}

async function embed(model: EmbedderModel, options: Partial<EmbedderOptions>): Promise<Given[]> {
  const embedder = createEmbedder({ model, device: 'cpu', ...options });
  try {
    const given = await embedder.embedBatch(TEXTS);
    return given.map((each) => {
      if (!each.ok) throw new Error(`no vector but ${JSON.stringify(each)}`);
      return each;
    });
  } finally {
    await embedder.close();
  }
}

function cosine(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, index) => sum + value * other[index]!, 0);
}

describe.each(TINY_MODELS.map((tiny) => [tiny.kind, tiny] as const))('%s', (kind, tiny) => {
  let model: EmbedderModel;
  let direct: Given[];

  beforeAll(async () => {
    const bytes = tiny.bytes();
    const file = path.join(folder, `${createHash('sha256').update(kind).digest('hex').slice(0, 8)}.gguf`);
    writeFileSync(file, bytes);
    const spec = await describeModel(file);
    model = spec;
    direct = await embed(model, { runtime: 'direct' });
  });

  it('gives different unit vectors for different texts, with its special tokens around each', () => {
    expect(model.isCausal).toBe(tiny.isCausal);
    for (const { vector } of direct) {
      expect(vector).toHaveLength(TINY_DIMENSIONS);
      expect(cosine(vector, vector)).toBeCloseTo(1, 5);
    }
    expect(cosine(direct[0]!.vector, direct[1]!.vector)).toBeLessThan(0.9999);
    // A decoder without special tokens has one token to stand for a text without words.
    expect(direct[3]!.tokens).toBe(Math.max(1, tiny.special));
    expect(direct[0]!.tokens).toBe(tiny.plainTokens + tiny.special);
  });

  it('gives the same by the public API of node-llama-cpp', async () => {
    verifies('runtimes-agree');
    const compat = await embed(model, { runtime: 'compat' });
    for (const [index, { vector, tokens }] of compat.entries()) {
      expect(tokens, TEXTS[index]).toBe(direct[index]!.tokens);
      expect(cosine(vector, direct[index]!.vector), TEXTS[index]).toBeGreaterThan(LEAST_COSINE);
    }
  });

  it('gives the same lean and on two lanes, and nothing for a text over its limit', async () => {
    const limited = { ...model, tokenLimit: TINY_CONTEXT };
    const embedder = createEmbedder({ model: limited, device: 'cpu', lanes: 2, lean: true });
    try {
      const given = await embedder.embedBatch([...TEXTS, 'cat '.repeat(TINY_CONTEXT + 1)]);
      for (const [index, one] of direct.entries()) {
        const other = given[index]!;
        expect(other.ok && cosine(other.vector, one.vector), TEXTS[index]).toBeGreaterThan(LEAST_COSINE);
      }
      expect(given.at(-1)).toMatchObject({ ok: false, reason: 'too-long' });
    } finally {
      await embedder.close();
    }
  });
});
