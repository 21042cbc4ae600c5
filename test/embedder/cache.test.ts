import { afterAll, describe, expect, it } from 'vitest';

import { CachingProvider } from '#dist/lib/embedder/cache.js';
import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';
import type { EmbeddingProvider } from '#dist/lib/embedder/types.js';

import { describeEmbeddingProvider } from './contract.js';
import { shippedModel, standIn } from './models.js';

const model = shippedModel();

describeEmbeddingProvider('the cache', () => createEmbedder({ model, cache: {} }));

describe('the cache', () => {
  const open: EmbeddingProvider[] = [];
  afterAll(() => Promise.all(open.map((provider) => provider.close())));

  function caching(options: { entries?: number; bytes?: number }) {
    const inner = createEmbedder({ model, childProgram: standIn('echo') });
    const cache = new CachingProvider(inner, model, options);
    open.push(cache);
    return { cache, embedded: async () => (await inner.stats()).texts };
  }

  it('asks once for the same text, also when it is asked for at the same time', async () => {
    const { cache, embedded } = caching({});
    const [one, other] = await Promise.all([cache.embed('same'), cache.embed('same')]);
    expect(one).toBe(other);
    expect(await cache.embed('same')).toBe(one);
    await cache.embedBatch(['same', 'same', 'another']);
    expect(await embedded()).toBe(2);
  });

  it('forgets the least recently used entry first', async () => {
    const { cache, embedded } = caching({ entries: 2 });
    await cache.embed('a');
    await cache.embed('b');
    await cache.embed('a');
    await cache.embed('c');
    await cache.embed('a');
    expect(await embedded()).toBe(3);
    await cache.embed('b');
    expect(await embedded()).toBe(4);
  });

  it('keeps within its bytes', async () => {
    const { cache, embedded } = caching({ bytes: 2_000 });
    await cache.embedBatch(['a', 'b']);
    await cache.embed('a');
    expect(await embedded()).toBe(3);
  });

  it('goes on for one caller when another of the same text leaves', async () => {
    const { cache, embedded } = caching({});
    const abort = new AbortController();
    const left = cache.embed('shared', { signal: abort.signal });
    const stayed = cache.embed('shared');
    abort.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    expect(await stayed).toMatchObject({ ok: true });
    expect(await embedded()).toBe(1);
  });
});
