import { stat } from 'node:fs/promises';

import { EmbedSearchError } from '../errors.js';
import { type FileStamp, hashFile, sameStamp } from './file-identity.js';
import type { EmbedderModel } from './types.js';

/** The file of a model, looked at before each start: hashed again only where its stamp is another one than before. */
export class ModelFile {
  readonly #model: EmbedderModel;
  #known: FileStamp;

  constructor(model: EmbedderModel) {
    this.#model = model;
    this.#known = { bytes: model.bytes, mtimeMs: model.mtimeMs };
  }

  /** The stamp of the file, which is the one that the model describes. Throws MODEL_MISSING or MODEL_CHANGED. */
  async check(): Promise<FileStamp> {
    const { path, bytes, sha256 } = this.#model;
    const found = await this.#stamp();
    if (!sameStamp(found, this.#known)) {
      // Copied or touched, it may still be the same.
      if (found.bytes !== bytes || (await hashFile(path)) !== sha256) throw modelChanged(path);
      this.#known = found;
    }
    return found;
  }

  /** True while it looks as it did when it was checked. Never throws. */
  async isUntouched(): Promise<boolean> {
    return this.#stamp().then(
      (found) => sameStamp(found, this.#known),
      () => false,
    );
  }

  async #stamp(): Promise<FileStamp> {
    const { path } = this.#model;
    const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
      throw new EmbedSearchError('MODEL_MISSING', `The model file ${path} cannot be read: ${cause.message}`, {
        cause,
      });
    });
    if (!found.isFile()) throw new EmbedSearchError('MODEL_MISSING', `The model ${path} is not a file.`);
    return { bytes: found.size, mtimeMs: found.mtimeMs };
  }
}

export function modelChanged(path: string): EmbedSearchError {
  return new EmbedSearchError('MODEL_CHANGED', `The model file ${path} changed while it was in use.`);
}
