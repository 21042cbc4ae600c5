import type { Readable } from 'node:stream';

const LAST_WORDS_BYTES = 8 * 1024;

/** Keeps the last 8 KiB of a stream: what a dying process said. */
export class LastWords {
  readonly #ring = Buffer.alloc(LAST_WORDS_BYTES);
  #written = 0;

  constructor(stream: Readable) {
    stream.on('data', (chunk: Buffer) => this.#append(chunk));
    stream.on('error', () => {}); // a stream that ends early says nothing more
  }

  toString(): string {
    const end = this.#written % LAST_WORDS_BYTES;
    const bytes =
      this.#written <= LAST_WORDS_BYTES
        ? this.#ring.subarray(0, this.#written)
        : Buffer.concat([this.#ring.subarray(end), this.#ring.subarray(0, end)]);
    return bytes.toString('utf8').trim();
  }

  #append(chunk: Buffer): void {
    const tail = chunk.subarray(Math.max(0, chunk.length - LAST_WORDS_BYTES));
    this.#written += chunk.length - tail.length;
    const start = this.#written % LAST_WORDS_BYTES;
    const copied = tail.copy(this.#ring, start);
    tail.copy(this.#ring, 0, copied);
    this.#written += tail.length;
  }
}
