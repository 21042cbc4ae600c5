import { describe, expect, it } from 'vitest';
import { expectedMemory, type MemoryQuestion, planMemory } from '#dist/lib/embedder/memory-plan.js';
import { describeModel } from '#dist/lib/models/model-spec.js';
import { verifies } from '../house/promises.js';
import { shippedModelFile } from '../models/shipped.js';

const MB = 1024 ** 2;
const GB = 1024 ** 3;

/** A 7B Q4_K_M file, by the sizes that its metadata says. */
const LARGE = {
  bytes: 4_235_839_616,
  embeddingLength: 3584,
  tokenLimit: 32_768,
  pooling: 'last',
  isCausal: true,
  shape: {
    layers: 28,
    feedForwardLength: 18_944,
    heads: 28,
    cacheLength: 1024,
    vocabulary: 152_064,
    matrixBytes: { Q4_K: 3_121_348_608, Q6_K: 800_808_960 },
  },
} as const;

const AVX2 = new Set(['Q4_0', 'Q4_K']);

function plan(changes: Partial<MemoryQuestion>) {
  return planMemory({
    job: 'index',
    mode: 'auto',
    lanes: undefined,
    cores: 4,
    freeBytes: 16 * GB,
    model: LARGE,
    repacked: AVX2,
    ...changes,
  });
}

describe('the memory that an embedder is expected to take', () => {
  const of = (lean: boolean, tokens: number, lanes = 1) =>
    expectedMemory(LARGE, { lanes, lean, tokens, repacked: AVX2 }).anonymousBytes;

  it('has no copies of weights where it is lean, and the cache of the longest text', () => {
    verifies('small-with-large-models');
    expect(of(true, 64)).toBeLessThan(150 * MB);
    expect(of(false, 64) - of(true, 64)).toBeGreaterThan(LARGE.shape.matrixBytes.Q4_K);
    // 57 KB a token: 28 layers, 1,024 numbers of two bytes.
    expect(of(true, 4096) - of(true, 2048)).toBeCloseTo(2048 * 28 * 1024 * 2, -4);
    expect(expectedMemory(LARGE, { lanes: 1, lean: true, tokens: 64, repacked: AVX2 }).mappedBytes).toBe(
      LARGE.bytes,
    );
  });

  it('counts every type of weights where it is not known which ones are copied', () => {
    const unknown = expectedMemory(LARGE, { lanes: 1, lean: false, tokens: 64, repacked: null });
    expect(unknown.repackedBytes).toBe(LARGE.shape.matrixBytes.Q4_K + LARGE.shape.matrixBytes.Q6_K);
  });

  it('grows with the lanes, and is that of the model that ships as measured', async () => {
    const model = await describeModel(shippedModelFile());
    const lean = (lanes: number, tokens: number) =>
      expectedMemory(model, { lanes, lean: true, tokens, repacked: new Set() }).anonymousBytes / MB;
    // Measured, docs/embedder-protocol.md: 37 MB with one lane, 54 MB with two, texts up to 128 tokens.
    expect(lean(1, 128)).toBeGreaterThan(37 * 0.8);
    expect(lean(1, 128)).toBeLessThan(37 * 1.5);
    expect(lean(2, 128)).toBeGreaterThan(54 * 0.8);
    expect(lean(2, 128)).toBeLessThan(54 * 1.5);
  });
});

describe('--memory', () => {
  it('auto takes all lanes where there is room, and lean where there is not, and says so', () => {
    expect(plan({})).toEqual({ lanes: 4, lean: false, notices: [] });
    const short = plan({ freeBytes: 2 * GB });
    expect(short).toMatchObject({ lanes: 1, lean: true });
    expect(short.notices.join(' ')).toMatch(/Memory is short \(2,048 MB free.*--memory lean/);
    expect(short.notices.join(' ')).toMatch(/read from the disk again and again/);
    expect(plan({ freeBytes: 2 * GB, lanes: 3 })).toMatchObject({ lanes: 3, lean: true });
  });

  it('auto is small for a query, whatever is free', () => {
    expect(plan({ job: 'query' })).toEqual({ lanes: 1, lean: true, notices: [] });
    expect(plan({ job: 'query', model: null, freeBytes: 1 })).toEqual({ lanes: 1, lean: true, notices: [] });
  });

  it('lean is lean', () => {
    expect(plan({ mode: 'lean' })).toEqual({ lanes: 1, lean: true, notices: [] });
    expect(plan({ mode: 'lean', lanes: 2 })).toMatchObject({ lanes: 2, lean: true });
  });

  it('fast takes what it needs after a look at what is free: fewer lanes, or an error with the next step', () => {
    expect(plan({ mode: 'fast' })).toMatchObject({ lanes: 4, lean: false });
    const one = expectedMemory(LARGE, { lanes: 1, lean: false, tokens: 256, repacked: AVX2 }).anonymousBytes;
    const fewer = plan({ mode: 'fast', freeBytes: one + 300 * MB });
    expect(fewer).toMatchObject({ lanes: 1, lean: false });
    expect(fewer.notices.join()).toMatch(/1 instead of 4 lanes/);
    expect(() => plan({ mode: 'fast', freeBytes: GB })).toThrowError(
      expect.objectContaining({
        code: 'EMBEDDER_OUT_OF_MEMORY',
        fix: expect.stringContaining('--memory lean'),
      }),
    );
  });
});
