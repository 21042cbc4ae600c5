import { keepShape } from './keep-shape.js';

/**
 * A map of what was used last: of at most `most` entries (2 or more), at least the half that was used last. In two maps, of which the
 * older one goes as a whole: what is used again moves to the younger one.
 */
export class RecentlyUsed<Key, Value extends object | string | number> {
  readonly #half: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(most: number) {
    this.#half = Math.floor(most / 2);
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#half && !this.#young.has(key)) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

keepShape(new RecentlyUsed(2));
