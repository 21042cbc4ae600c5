import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

import { EmbedSearchError } from '../errors.js';
import type { EmbedderModel } from './types.js';

/** What tells a file from the one before it without reading it: bytes and milliseconds. */
export interface FileStamp {
  readonly bytes: number;
  readonly mtimeMs: number;
}

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

export function sameStamp(one: FileStamp, other: FileStamp): boolean {
  return one.bytes === other.bytes && one.mtimeMs === other.mtimeMs;
}

/** SHA-256 of a file's content, in hexadecimal; a gigabyte takes about a second. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
