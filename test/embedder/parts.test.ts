import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { leanCpuLibrary, repackedTypes } from '#dist/lib/embedder/cpu-backend.js';
import { defaultMemoryLimit, expectedMemoryBytes } from '#dist/lib/embedder/expected-memory.js';
import { byLength, embedInOrder } from '#dist/lib/embedder/embed-in-order.js';
import { LanePool } from '#dist/lib/embedder/lane-pool.js';
import { LastWords } from '#dist/lib/embedder/last-words.js';
import { bindingName, locateRuntime, runtimeIdentity } from '#dist/lib/embedder/locate-runtime.js';
import { MemoryGuard } from '#dist/lib/embedder/memory-guard.js';
import { ownBytes } from '#dist/lib/embedder/memory-watch.js';
import { readModelHeader } from '#dist/lib/embedder/model-header.js';
import { onAbort } from '#dist/lib/embedder/on-abort.js';
import { outOfMemoryKills, saysOutOfMemory } from '#dist/lib/embedder/out-of-memory.js';
import { tiedToParent } from '#dist/lib/embedder/parent-death.js';
import { RestartBudget } from '#dist/lib/embedder/restart-budget.js';
import { contextShape, isTooLarge, lastTokenOf, withSpecialTokens } from '#dist/lib/embedder/runtime.js';
import { testOverrides } from '#dist/lib/embedder/test-overrides.js';
import { cutVector, unitVector, vectorFault } from '#dist/lib/embedder/vectors.js';

import { shippedModel } from './models.js';

// Recorded on the machines named.
const SAPPHIRE_RAPIDS =
  'processor\t: 0\nflags\t\t: fpu sse4_2 avx f16c fma bmi2 avx2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512_vnni avx512_bf16 amx_bf16 amx_tile amx_int8\nbugs\t\t:\n';
const ZEN_5 =
  'flags\t\t: fpu sse4_2 avx f16c fma bmi2 avx2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512_vnni avx512_bf16\n';
const IVY_BRIDGE = 'flags\t\t: fpu sse4_2 avx f16c\n';
const AMX_ONLY = 'flags\t\t: fpu sse4_2 avx f16c fma bmi2 avx2 amx_tile amx_int8\n';

describe('the header of a model', () => {
  it('says what it is, how many layers and tokens it has and how it pools', () => {
    expect(readModelHeader(shippedModel().path)).toEqual({
      architecture: 'bert',
      layers: 6,
      vocabularySize: 30_522,
      pooling: 'mean',
    });
  });

  it('is refused where it is none', () => {
    expect(() => readModelHeader('package.json')).toThrow('no GGUF');
  });
});

describe('what a test changes of an embedder', () => {
  it('changes nothing outside a test', () => {
    const EMBED_SEARCH_TEST_EMBEDDER = '{"childProgram":"/bin/sh"}';
    expect(testOverrides({ NODE_ENV: 'test', EMBED_SEARCH_TEST_EMBEDDER })).toEqual({
      childProgram: '/bin/sh',
    });
    expect(testOverrides({ NODE_ENV: 'production', EMBED_SEARCH_TEST_EMBEDDER })).toEqual({});
    expect(testOverrides({ EMBED_SEARCH_TEST_EMBEDDER })).toEqual({});
  });
});

describe('one abort signal', () => {
  it('has one listener for any number of texts, and none after the last', () => {
    const { signal } = new AbortController();
    let reactions = 0;
    const forget = Array.from({ length: 50 }, () => onAbort(signal, () => reactions++));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    for (const each of forget) each();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const abort = new AbortController();
    for (let text = 0; text < 50; text++) onAbort(abort.signal, () => reactions++);
    abort.abort();
    expect(reactions).toBe(50);
  });
});

describe('the lean CPU library', () => {
  it.each([
    ['a processor with AMX', 'linux', 'x64', SAPPHIRE_RAPIDS, 'Q8_0', 'libggml-cpu-icelake.so'],
    ['one without, whose own choice maps the weights', 'linux', 'x64', ZEN_5, 'Q8_0', ''],
    ['weights of 4 bits, which AVX2 repacks', 'linux', 'x64', ZEN_5, 'Q4_K', 'libggml-cpu-piledriver.so'],
    ['the same with AMX', 'linux', 'x64', SAPPHIRE_RAPIDS, 'Q4_K', 'libggml-cpu-piledriver.so'],
    ['a processor without AVX2, which repacks nothing', 'linux', 'x64', IVY_BRIDGE, 'Q4_K', ''],
    ['one whose flags do not prove that the library runs', 'linux', 'x64', AMX_ONLY, 'Q8_0', ''],
    ['no /proc/cpuinfo', 'linux', 'x64', '', 'Q4_K', ''],
    ['ARM', 'linux', 'arm64', 'Features\t: fp asimd\n', 'Q4_K', ''],
    ['macOS', 'darwin', 'x64', '', 'Q4_K', ''],
  ] as const)('for %s', (_, platform, arch, cpuinfo, weights, library) => {
    expect(leanCpuLibrary({ platform, arch, cpuinfo }, ['F32', weights])).toBe(library);
  });

  it('is asked for where weights would be copied, and what is copied is known where it was looked up', () => {
    const types = (cpuinfo: string) => repackedTypes({ platform: 'linux', arch: 'x64', cpuinfo });
    expect([...types(ZEN_5)!]).toContain('Q4_K');
    expect([...types(ZEN_5)!]).not.toContain('Q8_0');
    expect([...types(SAPPHIRE_RAPIDS)!]).toContain('Q8_0');
    expect(types(IVY_BRIDGE)!.size).toBe(0);
    expect(types('')).toBeNull();
    expect(repackedTypes({ platform: 'darwin', arch: 'arm64', cpuinfo: '' })).toBeNull();
  });
});

describe('the runtime', () => {
  it.each([
    ['linux', 'x64', 'glibc', 'linux-x64'],
    ['linux', 'arm64', 'glibc', 'linux-arm64'],
    ['linux', 'x64', 'other', null],
    ['darwin', 'arm64', null, 'mac-arm64-metal'],
    ['win32', 'x64', null, 'win-x64'],
    ['freebsd', 'x64', null, null],
  ] as const)('has a binding for %s %s %s: %s', (platform, arch, libc, name) => {
    expect(bindingName({ platform, arch, libc })).toBe(name);
  });

  it('is known by its name and version', () => {
    expect(runtimeIdentity('direct')).toMatch(/^direct \d+\.\d+\.\d+$/);
    expect(runtimeIdentity('compat')).toMatch(/^compat \d+\.\d+\.\d+$/);
  });

  it('is the binding where one fits, else node-llama-cpp, else a clear error with the next step', () => {
    const alpine = { platform: 'linux', arch: 'x64', libc: 'other' } as const;
    expect(locateRuntime('auto').runtime).toBe('direct');
    expect(existsSync(locateRuntime('direct').path)).toBe(true);
    expect(locateRuntime('auto', alpine).runtime).toBe('compat');
    expect(() => locateRuntime('direct', alpine)).toThrow(
      'There is no prebuilt llama.cpp for linux x64 without glibc.',
    );
  });

  it.each([
    [1, { size: 64, flashAttention: false }],
    [63, { size: 64, flashAttention: false }],
    [64, { size: 128, flashAttention: true }],
    [128, { size: 128, flashAttention: true }],
    [129, { size: 200, flashAttention: true }],
    [200, { size: 200, flashAttention: true }],
  ])('decodes %d tokens of at most 200 in a context of their class', (tokens, shape) => {
    expect(contextShape(tokens, 200)).toEqual(shape);
  });

  it('makes a context anew where it holds much more memory than a text needs, but not a small one', () => {
    const shape = contextShape(80, 256);
    expect(isTooLarge(128, 80, shape)).toBe(true);
    expect(isTooLarge(100, 80, shape)).toBe(false);
    expect(isTooLarge(63, 5, contextShape(5, 256))).toBe(false);
  });

  it('puts special tokens around a text by the kind of its vocabulary', () => {
    const special = { bos: 1, eos: 2, sep: 3, prependBos: false, appendEos: false, last: null };
    const around = (changes: object): number[] => [
      ...withSpecialTokens(Uint32Array.of(9), { kind: 'bpe', ...special, ...changes }),
    ];
    expect(around({ kind: 'wpm' })).toEqual([1, 9, 3]);
    expect(around({ kind: 'ugm', prependBos: true })).toEqual([1, 9, 2]);
    expect(around({ kind: 'spm', prependBos: true, appendEos: true })).toEqual([1, 9, 2]);
    expect(around({ kind: 'rwkv', prependBos: true })).toEqual([9]);
    expect(around({})).toEqual([9]);
    expect(around({ prependBos: true, bos: -1 })).toEqual([9]);
    expect(around({ last: 7 })).toEqual([9, 7]);
    expect(around({ last: 7, appendEos: true })).toEqual([9, 7]);
  });

  it('knows the token that ends every text by its name, and refuses a vocabulary that lacks it', () => {
    const tokenize = (text: string) => (text === '<|end|>' ? [7] : [1, 2]);
    expect(lastTokenOf('', tokenize)).toBeNull();
    expect(lastTokenOf('<|end|>', tokenize)).toBe(7);
    expect(() => lastTokenOf('<|other|>', tokenize)).toThrow('no token <|other|>');
  });
});

describe('texts of one batch', () => {
  const texts = [9, 1, 5, 3, 7, 2].map((length) => 'x'.repeat(length));
  const lengths = (lanes: number) => byLength(texts, lanes).map((index) => texts[index]!.length);

  it('go shortest first to one lane, and from both ends with equal work to several', () => {
    expect(lengths(1)).toEqual([1, 2, 3, 5, 7, 9]);
    expect(lengths(2)).toEqual([1, 9, 2, 3, 5, 7]);
  });

  it('are told one by one, also those before one that fails, and none after', async () => {
    const told: number[] = [];
    const embed = async (text: string) => {
      if (text.length === 5) throw new Error('five');
      return { ok: false, reason: 'too-long', tokens: text.length } as const;
    };
    const options = { onEmbedding: (index: number) => told.push(index) };
    const plan = { atOnce: 1, order: byLength(texts, 1) };
    await expect(embedInOrder(texts, plan, options, embed)).rejects.toThrow('five');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(told.map((index) => texts[index]!.length)).toEqual([1, 2, 3]);
  });

  it('come back in their own order', async () => {
    const asked: string[] = [];
    const embed = async (text: string) => {
      asked.push(text);
      return { ok: false, reason: 'too-long', tokens: text.length } as const;
    };
    const outcomes = await embedInOrder(texts, { atOnce: 2, order: byLength(texts, 1) }, {}, embed);
    expect(outcomes).toMatchObject(texts.map(({ length }) => ({ tokens: length })));
    expect(asked.map(({ length }) => length)).toEqual([1, 2, 3, 5, 7, 9]);
  });
});

describe('two lanes', () => {
  it('take the shortest and the longest text that waits, and no text is left', async () => {
    const busy = new Map<string, number>();
    let mostTogether = 0;
    const lane = (name: string) => ({ name, embed: () => Promise.resolve([]) });
    const pool = new LanePool([lane('a'), lane('b')]);
    const taken: number[] = [];
    const lengths = [60, 10, 100, 30, 80, 20];
    const texts = lengths.map((tokens) => ({
      tokens,
      work: async (on: unknown) => {
        const { name } = on as { name: string };
        expect(busy.has(name)).toBe(false); // two calls at once on one context end the process
        busy.set(name, tokens);
        taken.push(tokens);
        mostTogether = Math.max(
          mostTogether,
          [...busy.values()].reduce((sum, each) => sum + each, 0),
        );
        await new Promise((resolve) => setTimeout(resolve, tokens / 10));
        busy.delete(name);
        if (tokens === 30) throw new Error('thirty');
      },
    }));
    const results = await pool.run(texts);
    expect(results.map(({ status }) => status)).toEqual(
      lengths.map((tokens) => (tokens === 30 ? 'rejected' : 'fulfilled')),
    );
    expect(taken.slice(0, 2)).toEqual([10, 100]);
    expect(taken.toSorted((one, other) => one - other)).toEqual([10, 20, 30, 60, 80, 100]);
    expect(mostTogether).toBeLessThan(180);
  });
});

describe('a vector', () => {
  it('is cut to its first numbers, as they are or after layer normalisation', () => {
    expect(Array.from(cutVector([1, 2, 3, 4], 2, 'plain'))).toEqual([1, 2]);
    // mean 2.5, variance 1.25
    const normalised = Array.from(cutVector([1, 2, 3, 4], 2, 'layer-norm'));
    expect(normalised[0]).toBeCloseTo(-1.5 / Math.sqrt(1.25), 4);
    expect(normalised[1]).toBeCloseTo(-0.5 / Math.sqrt(1.25), 4);
    expect(cutVector([1, 2], 2, 'layer-norm')).toEqual([1, 2]);
  });

  it('is made to unit length, or refused', () => {
    expect(unitVector([3, 4], 2)).toEqual(Float32Array.of(0.6, 0.8));
    expect(() => unitVector([0, 0], 2)).toThrow('zeros');
    expect(() => unitVector([1, NaN], 2)).toThrow('not finite');
    expect(() => unitVector([1, Infinity], 2)).toThrow('not finite');
    expect(() => unitVector([1], 2)).toThrow('1 numbers instead of 2');
  });

  it('that arrives is checked again', () => {
    expect(vectorFault(Float32Array.of(0.6, 0.8), 2)).toBeNull();
    expect(vectorFault(Float32Array.of(0.6, 0.9), 2)).toContain('length');
    expect(vectorFault(Float32Array.of(NaN, 0.8), 2)).toContain('NaN');
    expect(vectorFault(Float32Array.of(1), 2)).toContain('1 numbers');
  });
});

describe('the restart budget', () => {
  it('gives a restart at once, then with back-off, so many in a window, and again when the window has moved on', () => {
    let now = 0;
    const budget = new RestartBudget({ restarts: 3, restartWindowMs: 100, backOffMs: [0, 10] }, () => now);
    expect([budget.take(), budget.take(), budget.take(), budget.take()]).toEqual([0, 10, 10, null]);
    now = 100;
    expect(budget.available()).toBe(true);
    expect(budget.take()).toBe(0);
  });
});

describe('the memory guard', () => {
  const MB = 1024 * 1024;
  const facts = {
    runtime: 'direct',
    lanes: 1,
    tokenLimit: 256,
    dimensions: 384,
    vocabularySize: 30_522,
    layers: 6,
    modelBytes: 24 * MB,
  } as const;

  it('recycles over the limit from the first text on, and asks for less work when that does not help', () => {
    const guard = new MemoryGuard();
    expect(guard.observe(50 * MB, 1, 50 * MB)).toBe('fine');
    expect(guard.observe(51 * MB, 1, 50 * MB)).toBe('recycle');
    expect(guard.observe(51 * MB, 10, 50 * MB)).toBe('reduce');
    expect(guard.observe(51 * MB, 1_000, 50 * MB)).toBe('recycle');
  });

  it('knows by the model and the lanes what an embedder should need at most', () => {
    const one = expectedMemoryBytes(facts) / MB;
    const two = expectedMemoryBytes({ ...facts, lanes: 2 }) / MB;
    expect(one).toBeCloseTo(24 + 24 + 38.1, 0);
    expect(two - one).toBeCloseTo(38.1, 0);
    expect(defaultMemoryLimit(facts)).toBe(2 * expectedMemoryBytes(facts));
    expect(expectedMemoryBytes({ ...facts, vocabularySize: null, layers: null })).toBeGreaterThan(
      one * 2 * MB,
    );
  });

  it('does not count the mapped model where a platform tells only the whole', () => {
    const memory = {
      pid: 1,
      rssBytes: 90 * MB,
      peakRssBytes: null,
      anonymousBytes: null,
      fileBackedBytes: null,
    };
    expect(ownBytes(memory, 24 * MB)).toBe(66 * MB);
    expect(ownBytes({ ...memory, anonymousBytes: 30 * MB }, 24 * MB)).toBe(30 * MB);
    expect(ownBytes({ ...memory, rssBytes: null }, 24 * MB)).toBeNull();
    expect(ownBytes(null, 24 * MB)).toBeNull();
  });
});

describe('out of memory', () => {
  it.each([
    "terminate called after throwing an instance of 'std::bad_alloc'",
    'ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 1073741824',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'mmap failed: Cannot allocate memory',
  ])('is read from last words: %s', (words) => {
    expect(saysOutOfMemory(words)).toBe(true);
  });

  it('is not seen where there is none', () => {
    expect(saysOutOfMemory('GGML_ASSERT(n_tokens <= n_batch) failed')).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is counted by the kernel, and null where it does not tell', () => {
    expect(outOfMemoryKills(() => 'pgfault 12\noom_kill 3\n')).toBe(3);
    expect(outOfMemoryKills(() => 'pgfault 12\n')).toBeNull();
    expect(outOfMemoryKills(() => expect.unreachable())).toBeNull();
  });
});

describe('last words', () => {
  it.each([1, 100, 8_191, 8_192, 8_193, 20_000])(
    'are the last 8 KiB of %d bytes, however they came',
    async (total) => {
      const bytes = Buffer.from(Array.from({ length: total }, (_, index) => 97 + (index % 26)));
      for (const step of [1, 7, 5_000, total]) {
        const stream = new PassThrough();
        const words = new LastWords(stream);
        for (let at = 0; at < total; at += step) stream.write(bytes.subarray(at, at + step));
        await new Promise<void>((resolve) => stream.end(resolve));
        stream.read();
        await expect.poll(() => words.toString()).toBe(bytes.subarray(-8_192).toString());
      }
    },
  );
});

describe('a command tied to its parent', () => {
  const node = ['/node', 'child.js'];

  it('is one that the kernel ends with its parent, where the system can', () => {
    const tied = tiedToParent(node, { platform: 'linux', exists: () => true });
    expect(tied.slice(0, 2)).toEqual(['/bin/sh', '-c']);
    expect(tied.slice(-2)).toEqual(node);
  });

  it('is the same command elsewhere', () => {
    expect(tiedToParent(node, { platform: 'linux', exists: () => false })).toEqual(node);
    expect(tiedToParent(node, { platform: 'darwin', exists: () => true })).toEqual(node);
  });
});
