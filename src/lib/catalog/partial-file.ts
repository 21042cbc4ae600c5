import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rename, rm, statfs, writeFile, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';

/** What the server said of the file when its download began: a later part must be of the same one. */
export interface PartOrigin {
  readonly url: string;
  /** What tells this version of the file from another: an ETag, or the hub's SHA-256. */
  readonly version: string;
}

/** Room that is left on the disk for others, bytes. */
const SPARE_BYTES = 64 * 1024 * 1024;

/**
 * A file that is being fetched, `NAME.part` beside its place, with a note of what it is a part of. It survives a
 * process that ends; it takes its place whole, synced and checked, or not at all.
 */
export class PartialFile {
  readonly #target: string;
  readonly #file: FileHandle;
  #hash: Hash;
  #bytes = 0;

  private constructor(target: string, file: FileHandle) {
    this.#target = target;
    this.#file = file;
    this.#hash = createHash('sha256');
  }

  /** Opens what is there of `target`, or a new part. */
  static async open(target: string): Promise<PartialFile> {
    const file = await open(partOf(target), 'a+');
    const part = new PartialFile(target, file);
    part.#bytes = (await file.stat()).size;
    // What was fetched before has to be part of the checksum.
    if (part.#bytes > 0)
      for await (const chunk of createReadStream(partOf(target))) part.#hash.update(chunk as Buffer);
    return part;
  }

  /** Bytes that are there. */
  get bytes(): number {
    return this.#bytes;
  }

  get path(): string {
    return partOf(this.#target);
  }

  /** What it is a part of, or undefined where nobody noted it. */
  async origin(): Promise<PartOrigin | undefined> {
    try {
      return JSON.parse(await readFile(originOf(this.#target), 'utf8')) as PartOrigin;
    } catch {
      return undefined;
    }
  }

  /** Forgets what is there. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    await rm(originOf(this.#target), { force: true });
    this.#bytes = 0;
    this.#hash = createHash('sha256');
  }

  async note(origin: PartOrigin): Promise<void> {
    await writeFile(originOf(this.#target), JSON.stringify(origin));
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#file.appendFile(chunk);
    this.#hash.update(chunk);
    this.#bytes += chunk.byteLength;
  }

  /** Errors: NO_SPACE where the disk has no room for the rest. */
  async reserve(totalBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(path.dirname(this.#target));
    const missing = totalBytes - this.#bytes + SPARE_BYTES - bavail * bsize;
    if (missing <= 0) return;
    const megabytes = Math.ceil(missing / 1024 ** 2).toLocaleString('en-US');
    throw new EmbedSearchError(
      'NO_SPACE',
      `The disk of ${path.dirname(this.#target)} lacks ${megabytes} MB for the model.`,
      {
        fix: 'Make room, or name a folder on another disk: EMBED_SEARCH_MODELS=DIR.',
      },
    );
  }

  /** hex SHA-256 of all that is there. */
  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Puts the file in its place. */
  async publish(): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await rename(this.path, this.#target);
    await rm(originOf(this.#target), { force: true });
    await syncFolder(path.dirname(this.#target));
  }

  /** Leaves the part where it is, for the next run; one that has nothing yet goes. */
  async close(): Promise<void> {
    await this.#file.close();
    if (this.#bytes === 0) await rm(this.path, { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return; // a folder cannot be opened there
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function partOf(target: string): string {
  return `${target}.part`;
}

function originOf(target: string): string {
  return `${target}.part.json`;
}
