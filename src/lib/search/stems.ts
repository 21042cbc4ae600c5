import { keepShape } from '../memory/keep-shape.js';

/** What is left of a word when its common English endings go; words hold only letters, digits and `_`. */
export function stem(word: string): string {
  const cut = word.replace(/(?:ing|ies|ed|es|s|e|y)$/u, '');
  return cut.length >= 3 ? cut : word;
}

/** Of a pasted text there are too many to be looked for one by one. */
const MOST_LOOKED_FOR = 64;

/** Those of a query's words, each once. */
export class Stems {
  readonly #all: ReadonlySet<string>;
  readonly #list: readonly string[];

  constructor(words: readonly string[]) {
    this.#all = new Set(words.map(stem));
    this.#list = [...this.#all];
  }

  get count(): number {
    return this.#list.length;
  }

  has(stemmed: string): boolean {
    return this.#all.has(stemmed);
  }

  /** False where no word of a text in lower case has one of the stems: it would begin with it. To take names apart takes longer. */
  mayBeIn(lower: string): boolean {
    const list = this.#list;
    if (list.length > MOST_LOOKED_FOR) return true;
    for (let index = 0; index < list.length; index++) if (lower.includes(list[index]!)) return true;
    return false;
  }
}

keepShape(new Stems([]));
