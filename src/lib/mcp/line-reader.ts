const LINE_FEED = 0x0a;

/** Cuts bytes into lines, and keeps nothing of one that is too long. */
export class LineReader {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** `limit`: bytes of a line. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The lines that end in `bytes`, without their ends; null for one that was too long. */
  *take(bytes: Buffer): Generator<string | null> {
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
      this.#keep(bytes.subarray(from, at));
      from = at + 1;
      const line = this.#bytes > this.#limit ? null : Buffer.concat(this.#parts).toString('utf8');
      this.#parts = [];
      this.#bytes = 0;
      yield line;
    }
    this.#keep(bytes.subarray(from));
  }

  #keep(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#limit) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }
}
