import { keepShape } from '../memory/keep-shape.js';
import type { FileKind } from './file-kind.js';
import type { Candidate, RankedChunk } from './rank.js';

/** What each part adds to the score of a hit; their sum is the score. */
export interface ScoreParts {
  readonly words: number;
  readonly vector: number;
  readonly wordShare: number;
  readonly definition: number;
  readonly fileName: number;
  readonly coherence: number;
  readonly phrase: number;
  readonly recency: number;
  readonly kind: number;
  readonly excluded: number;
}

/** Where each part stands in a candidate's row of the table: those in front of `kind` are what it is a share of. */
export const PARTS = {
  words: 0,
  vector: 1,
  wordShare: 2,
  definition: 3,
  fileName: 4,
  coherence: 5,
  phrase: 6,
  recency: 7,
  kind: 8,
  excluded: 9,
  count: 10,
} as const satisfies Record<keyof ScoreParts | 'count', number>;

/** A row of parts for each candidate of a query: as numbers of objects they would be a tenth of a search's garbage. */
export type ScoreTable = Float64Array;

/** A candidate, and its row in the table of the query. */
export class ScoredChunk implements RankedChunk {
  readonly candidate: Candidate;
  /** Of its file, or a test for one that stands in a source. */
  readonly kind: FileKind;
  readonly lexical: number | undefined;
  readonly #table: ScoreTable;
  readonly #at: number;
  #score = 0;

  constructor(
    candidate: Candidate,
    kind: FileKind,
    lexical: number | undefined,
    table: ScoreTable,
    at: number,
  ) {
    this.candidate = candidate;
    this.kind = kind;
    this.lexical = lexical;
    this.#table = table;
    this.#at = at;
  }

  get score(): number {
    return this.#score;
  }

  get parts(): ScoreParts {
    const { words, vector, wordShare, definition, fileName, coherence, phrase, recency, kind, excluded } =
      PARTS;
    const part = (place: number): number => this.#table[this.#at + place]!;
    return {
      words: part(words),
      vector: part(vector),
      wordShare: part(wordShare),
      definition: part(definition),
      fileName: part(fileName),
      coherence: part(coherence),
      phrase: part(phrase),
      recency: part(recency),
      kind: part(kind),
      excluded: part(excluded),
    };
  }

  addCoherence(coherence: number): void {
    this.#table[this.#at + PARTS.coherence] = coherence;
  }

  /** When the other parts are there: its kind of file counts `weight` times, and the score is their sum. */
  settle(weight: number): void {
    const table = this.#table;
    const at = this.#at;
    let good = 0;
    for (let place = 0; place < PARTS.kind; place++) good += table[at + place]!;
    table[at + PARTS.kind] = good * (weight - 1);
    this.#score = good + table[at + PARTS.kind]! + table[at + PARTS.excluded]!;
  }
}

keepShape(
  new ScoredChunk(
    { chunkId: 0, fileId: 0, path: '', startLine: 0 },
    'source',
    undefined,
    new Float64Array(PARTS.count),
    0,
  ),
);
