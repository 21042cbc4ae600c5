import { stat } from 'node:fs/promises';

import { EmbedSearchError } from '../errors.js';
import type { EmbedderModel } from './types.js';

/** Throws MODEL_MISSING or MODEL_CHANGED unless the file is the one that `model` describes. */
export async function checkModelFile(model: EmbedderModel): Promise<void> {
  const found = await stat(model.path).catch((cause: NodeJS.ErrnoException) => {
    throw new EmbedSearchError(
      'MODEL_MISSING',
      `The model file ${model.path} cannot be read: ${cause.message}`,
      { cause },
    );
  });
  if (!found.isFile()) throw new EmbedSearchError('MODEL_MISSING', `The model ${model.path} is not a file.`);
  if (found.size !== model.bytes || found.mtimeMs !== model.mtimeMs) {
    throw new EmbedSearchError('MODEL_CHANGED', `The model file ${model.path} changed while it was in use.`);
  }
}
