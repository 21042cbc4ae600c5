import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { PassThrough } from 'node:stream';

import { describe, expect, it } from 'vitest';

import { leanCpuLibrary } from '#dist/lib/embedder/cpu-backend.js';
import { LastWords } from '#dist/lib/embedder/last-words.js';
import { bindingName, locateRuntime, runtimeIdentity } from '#dist/lib/embedder/locate-runtime.js';
import { MemoryGuard } from '#dist/lib/embedder/memory-guard.js';
import { readModelHeader } from '#dist/lib/embedder/model-header.js';
import { onAbort } from '#dist/lib/embedder/on-abort.js';
import { outOfMemoryKills, saysOutOfMemory } from '#dist/lib/embedder/out-of-memory.js';
import { tiedToParent } from '#dist/lib/embedder/parent-death.js';
import { RestartBudget } from '#dist/lib/embedder/restart-budget.js';
import { contextShape, withSpecialTokens } from '#dist/lib/embedder/runtime.js';
import { testOverrides } from '#dist/lib/embedder/test-overrides.js';
import { unitVector, vectorFault } from '#dist/lib/embedder/vectors.js';

import { shippedModel } from './models.js';

// Recorded on the machines named.
const SAPPHIRE_RAPIDS =
  'processor\t: 0\nflags\t\t: fpu sse4_2 avx f16c fma bmi2 avx2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512_vnni avx512_bf16 amx_bf16 amx_tile amx_int8\nbugs\t\t:\n';
const ZEN_5 =
  'flags\t\t: fpu sse4_2 avx f16c fma bmi2 avx2 avx512f avx512cd avx512vl avx512dq avx512bw avx512vbmi avx512_vnni avx512_bf16\n';
const AMX_ONLY = 'flags\t\t: fpu sse4_2 avx f16c fma bmi2 avx2 amx_tile amx_int8\n';

describe('the header of a model', () => {
  it('says how large the vocabulary is and how it pools', () => {
    expect(readModelHeader(shippedModel().path)).toEqual({ vocabularySize: 30_522, pooling: 'mean' });
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
    ['a processor with AMX', 'linux', 'x64', SAPPHIRE_RAPIDS, 'libggml-cpu-icelake.so'],
    ['one without, whose own choice maps the weights', 'linux', 'x64', ZEN_5, ''],
    ['one whose flags do not prove that the library runs', 'linux', 'x64', AMX_ONLY, ''],
    ['no /proc/cpuinfo', 'linux', 'x64', '', ''],
    ['ARM', 'linux', 'arm64', 'Features\t: fp asimd\n', ''],
    ['macOS', 'darwin', 'x64', '', ''],
  ] as const)('for %s', (_, platform, arch, cpuinfo, library) => {
    expect(leanCpuLibrary({ platform, arch, cpuinfo })).toBe(library);
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

  it('puts special tokens around a text by the kind of its vocabulary', () => {
    const special = { bos: 1, eos: 2, sep: 3, prependBos: false, appendEos: false };
    const around = (changes: object): number[] => [
      ...withSpecialTokens(Uint32Array.of(9), { kind: 'bpe', ...special, ...changes }),
    ];
    expect(around({ kind: 'wpm' })).toEqual([1, 9, 3]);
    expect(around({ kind: 'ugm', prependBos: true })).toEqual([1, 9, 2]);
    expect(around({ kind: 'spm', prependBos: true, appendEos: true })).toEqual([1, 9, 2]);
    expect(around({ kind: 'rwkv', prependBos: true })).toEqual([9]);
    expect(around({})).toEqual([9]);
    expect(around({ prependBos: true, bos: -1 })).toEqual([9]);
  });
});

describe('a vector', () => {
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

  it('recycles over a given limit, and asks for less work when that does not help', () => {
    const guard = new MemoryGuard(50 * MB);
    expect(guard.observe(50 * MB, 10)).toBe('fine');
    expect(guard.observe(51 * MB, 10)).toBe('recycle');
    expect(guard.observe(51 * MB, 10)).toBe('reduce');
    expect(guard.observe(51 * MB, 1_000)).toBe('recycle');
  });

  it('learns a limit from the first 200 texts', () => {
    const guard = new MemoryGuard(null);
    expect(guard.observe(300 * MB, 200)).toBe('fine');
    expect(guard.observe(600 * MB, 100)).toBe('fine');
    expect(guard.observe(900 * MB, 100)).toBe('recycle');
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
