import type { EmbedderModel } from '../embedder/types.js';
import type { TextNormalization, VectorCut } from '../models/types.js';
import type { IndexIdentity, ModelFileNote } from '../store/types.js';

/** The model as the embedder takes it, from what the index remembers: a query needs to read no GGUF. */
export function embedderModelOf(identity: IndexIdentity, modelFile: ModelFileNote): EmbedderModel {
  return {
    ...modelFile,
    sha256: identity.modelSha256,
    dimensions: identity.dimensions,
    pooling: identity.pooling as EmbedderModel['pooling'],
    tokenLimit: identity.tokenLimit,
    normalization: identity.normalization as TextNormalization,
    ...(identity.embeddingLength === undefined ? {} : { embeddingLength: identity.embeddingLength }),
    ...(identity.cut === undefined ? {} : { cut: identity.cut as VectorCut }),
    ...(identity.lastToken === undefined ? {} : { lastToken: identity.lastToken }),
  };
}
