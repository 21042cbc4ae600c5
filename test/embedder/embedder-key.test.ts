import { expect, it } from 'vitest';
import { embedderKey } from '#dist/lib/embedder/embedder-key.js';
import { SharedEmbedders } from '#dist/lib/search/shared-embedders.js';
import { shippedModel } from './models.js';

it('whatever decides a vector tells embedders apart', () => {
  const model = shippedModel();
  const others = [
    { dimensions: model.dimensions / 2 },
    { pooling: 'last' as const },
    { cut: 'layer-norm' as const },
    { lastToken: '</s>' },
    { tokenLimit: model.tokenLimit - 1 },
    { normalization: 'none' as const },
    { normalization: 'nfd-without-marks' as const },
    { path: '/elsewhere.gguf' },
    { sha256: '0' },
  ];
  const keys = [model, ...others.map((other) => ({ ...model, ...other }))].map(embedderKey);
  expect(new Set(keys).size).toBe(keys.length - 1); // one of the normalizations is the model's own
  expect(embedderKey({ ...model, bytes: 1 })).toBe(embedderKey(model));
});

it('one file that is cut to two lengths gives vectors of both, also where the embedders are shared', async () => {
  const model = { ...shippedModel(), embeddingLength: shippedModel().dimensions };
  const embedders = new SharedEmbedders({ startMilliseconds: 60_000, answerMilliseconds: 60_000 });
  try {
    for (const dimensions of [model.dimensions, 64]) {
      const embedding = await embedders.of({ ...model, dimensions }).embed('tides');
      expect(embedding).toMatchObject({ ok: true, vector: { length: dimensions } });
    }
  } finally {
    await embedders.close();
  }
});
