import { createEmbedder } from '#dist/lib/embedder/create-embedder.js';

import { describeEmbeddingProvider } from './contract.js';
import { shippedModel } from './models.js';

const model = shippedModel();

describeEmbeddingProvider('the direct runtime', () => createEmbedder({ model, runtime: 'direct' }));
describeEmbeddingProvider('the direct runtime with two lean lanes', () =>
  createEmbedder({ model, runtime: 'direct', lanes: 2, lean: true }),
);
describeEmbeddingProvider('the compat runtime', () => createEmbedder({ model, runtime: 'compat' }));
