import { readSync } from 'node:fs';
import { EmbedSearchError } from '../errors.js';

/** Real metadata stays under 20 MiB (262,144 tokens with their merges); a hostile count stops here. */
const MAX_METADATA_BYTES = 64 * 1024 * 1024;

/**
 * Reads a file forwards through one fixed buffer. Nothing that the file says about itself is believed: every
 * length is held against the bytes that are left before anything is allocated. Errors: MODEL_INVALID.
 */
export class GgufCursor {
  readonly #fd: number;
  readonly #path: string;
  readonly #buffer = Buffer.allocUnsafe(64 * 1024);
  readonly fileBytes: number;
  #bufferStart = 0;
  #bufferEnd = 0;
  #position = 0;
  #consumed = 0;

  constructor(fd: number, path: string, fileBytes: number) {
    this.#fd = fd;
    this.#path = path;
    this.fileBytes = fileBytes;
  }

  /** Bytes from the start of the file. */
  get position(): number {
    return this.#position;
  }

  invalid(what: string): EmbedSearchError {
    return new EmbedSearchError('MODEL_INVALID', `${this.#path} is not a usable GGUF file: ${what}.`);
  }

  u8(what: string): number {
    return this.#buffer.readUInt8(this.#take(1, what));
  }

  u32(what: string): number {
    return this.#buffer.readUInt32LE(this.#take(4, what));
  }

  /** A 64-bit count, length or offset. One that no file can hold is refused, so the number is exact. */
  size(what: string): number {
    const at = this.#take(8, what);
    const value = this.#buffer.readUInt32LE(at + 4) * 2 ** 32 + this.#buffer.readUInt32LE(at);
    if (!Number.isSafeInteger(value)) throw this.invalid(`${what} says ${value}`);
    return value;
  }

  /** A little-endian number of a GGUF scalar type; 64-bit integers lose what a double cannot hold. */
  number(type: number, what: string): number {
    const buffer = this.#buffer;
    const at = this.#take(SCALAR_BYTES[type] ?? 0, what);
    if (type === 0 || type === 7) return buffer.readUInt8(at);
    if (type === 1) return buffer.readInt8(at);
    if (type === 2) return buffer.readUInt16LE(at);
    if (type === 3) return buffer.readInt16LE(at);
    if (type === 4) return buffer.readUInt32LE(at);
    if (type === 5) return buffer.readInt32LE(at);
    if (type === 6) return buffer.readFloatLE(at);
    if (type === 10) return Number(buffer.readBigUInt64LE(at));
    if (type === 11) return Number(buffer.readBigInt64LE(at));
    return buffer.readDoubleLE(at);
  }

  /** The bytes of a string as text, or undefined (and skipped) when it is longer than `maxBytes`. */
  string(what: string, maxBytes: number): string | undefined {
    const length = this.size(what);
    if (length > maxBytes || length > this.#buffer.length) {
      this.skip(length, what);
      return undefined;
    }
    const at = this.#take(length, what);
    return this.#buffer.toString('utf8', at, at + length);
  }

  skip(bytes: number, what: string): void {
    if (bytes > this.fileBytes - this.#position) throw this.#truncated(what);
    this.#position += bytes;
  }

  #take(bytes: number, what: string): number {
    if (bytes > this.fileBytes - this.#position) throw this.#truncated(what);
    if (this.#position < this.#bufferStart || this.#position + bytes > this.#bufferEnd)
      this.#fill(bytes, what);
    const at = this.#position - this.#bufferStart;
    this.#position += bytes;
    return at;
  }

  #fill(bytes: number, what: string): void {
    let length = 0;
    while (length < bytes) {
      const got = readSync(
        this.#fd,
        this.#buffer,
        length,
        this.#buffer.length - length,
        this.#position + length,
      );
      if (got === 0) throw this.#truncated(what);
      length += got;
    }
    this.#consumed += length;
    if (this.#consumed > MAX_METADATA_BYTES) throw this.invalid('its metadata is larger than 64 MiB');
    this.#bufferStart = this.#position;
    this.#bufferEnd = this.#position + length;
  }

  #truncated(what: string): EmbedSearchError {
    return this.invalid(`truncated: its ${this.fileBytes} bytes end inside ${what}`);
  }
}

/** Bytes of the GGUF value types that are not strings or arrays. Source: the GGUF specification, gguf_metadata_value_type. */
export const SCALAR_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
