import { MAX_TEXTS_PER_REQUEST } from './limits.js';

/** How much a child gets at a time. It shrinks where memory is short, and is whole again for a child after a rest. */
export class Workload {
  readonly #mostLanes: number;
  #lanes: number;
  #textsPerRequest = MAX_TEXTS_PER_REQUEST;

  constructor(lanes: number) {
    this.#mostLanes = this.#lanes = lanes;
  }

  get lanes(): number {
    return this.#lanes;
  }

  get textsPerRequest(): number {
    return this.#textsPerRequest;
  }

  get isWhole(): boolean {
    return this.#lanes === this.#mostLanes && this.#textsPerRequest === MAX_TEXTS_PER_REQUEST;
  }

  /** Halves lanes and requests. False when there is nothing left to take away. */
  reduce(): boolean {
    if (this.#lanes === 1 && this.#textsPerRequest === 1) return false;
    this.#lanes = Math.max(1, Math.floor(this.#lanes / 2));
    this.#textsPerRequest = Math.max(1, Math.floor(this.#textsPerRequest / 2));
    return true;
  }

  restore(): void {
    this.#lanes = this.#mostLanes;
    this.#textsPerRequest = MAX_TEXTS_PER_REQUEST;
  }
}
