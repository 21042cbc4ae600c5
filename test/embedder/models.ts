import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { EmbedderModel } from '#dist/lib/embedder/types.js';

/** The model that ships, as `models/` describes it. */
export function shippedModel(changes: Partial<EmbedderModel> = {}): EmbedderModel {
  const path = fileURLToPath(new URL('../../models/all-MiniLM-L6-v2.Q8_0.gguf', import.meta.url));
  return describeModel(path, changes);
}

export function describeModel(path: string, changes: Partial<EmbedderModel> = {}): EmbedderModel {
  const { size, mtimeMs } = statSync(path);
  return {
    path,
    bytes: size,
    mtimeMs,
    sha256: 'f2bc475397e764fc174f5ca684d46ab2b50c6969286c615f559058d26bd2879f',
    dimensions: 384,
    pooling: 'mean',
    tokenLimit: 256,
    normalization: 'nfd-without-marks',
    ...changes,
  };
}

/** The path of a stand-in embedder. */
export function standIn(name: string): string {
  return fileURLToPath(new URL(`../fixtures/children/${name}.js`, import.meta.url));
}
