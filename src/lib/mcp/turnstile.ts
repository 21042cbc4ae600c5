import { EmbedSearchError } from '../errors.js';

interface Waiting {
  readonly enter: () => void;
}

/** Lets so many through at a time; the others wait in line, and beyond the line's length they are refused. */
export class Turnstile {
  readonly #places: number;
  readonly #line: number;
  readonly #waiting = new Set<Waiting>();
  #inside = 0;

  constructor(places: number, line: number) {
    this.#places = places;
    this.#line = line;
  }

  get running(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Errors: MACHINE when the line is full; the signal's reason when the caller gives up. */
  async pass<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#inside < this.#places) this.#inside++;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.values().next().value;
      if (next === undefined) this.#inside--;
      else {
        this.#waiting.delete(next);
        next.enter();
      }
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#line) {
      throw new EmbedSearchError('MACHINE', `${this.#line} calls are waiting already.`, {
        fix: 'Wait for answers before asking more.',
      });
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiting);
        reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.add(waiting);
    });
  }
}
