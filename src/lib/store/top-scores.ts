import { keepShape } from '../memory/keep-shape.js';
/** In columns, in no order: an object for each would be garbage by the next query. */
export interface OwnerScores {
  readonly owners: readonly number[];
  readonly scores: readonly number[];
}

/** The `size` highest scores of all that are offered, with a number that says whose they are. */
export class TopScores implements OwnerScores {
  readonly #size: number;
  // A binary heap with the lowest score on top.
  readonly scores: number[] = [];
  readonly owners: number[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  offer(score: number, owner: number): void {
    if (this.scores.length < this.#size) this.#rise(score, owner);
    else if (score > this.scores[0]!) this.#sink(score, owner);
  }

  #rise(score: number, owner: number): void {
    let at = this.scores.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.scores[parent]! <= score) break;
      this.#place(at, this.scores[parent]!, this.owners[parent]!);
      at = parent;
    }
    this.#place(at, score, owner);
  }

  #sink(score: number, owner: number): void {
    const scores = this.scores;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < scores.length && scores[child + 1]! < scores[child]!) child++;
      if (child >= scores.length || scores[child]! >= score) break;
      this.#place(at, scores[child]!, this.owners[child]!);
      at = child;
    }
    this.#place(at, score, owner);
  }

  #place(at: number, score: number, owner: number): void {
    this.scores[at] = score;
    this.owners[at] = owner;
  }
}

keepShape(new TopScores(1));
