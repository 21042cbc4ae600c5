import { keepShape } from '../memory/keep-shape.js';
import type { FileKind } from './file-kind.js';
import { pathFacts } from './path-facts.js';
import type { Candidate } from './rank.js';
import { understandQuery, type UnderstoodQuery } from './understand.js';

interface FileFact {
  readonly kind: FileKind;
  /** The query names the file. */
  readonly isNamed: boolean;
  /** Share of the words of its name that are in the query; one that many of the candidates' paths have counts less. */
  readonly nameShare: number;
}

/** What follows from a file's path for a query, once for all of its chunks. */
export class FileFacts {
  readonly #query: UnderstoodQuery;
  readonly #stems: ReadonlySet<string>;
  readonly #known = new Map<number, FileFact>();
  /** How many files have the word in their path, of those that are looked at. */
  readonly #frequency = new Map<string, number>();
  readonly #files: number;

  constructor(query: UnderstoodQuery, stems: ReadonlySet<string>, candidates: readonly Candidate[]) {
    this.#query = query;
    this.#stems = stems;
    const paths = new Set(candidates.map(({ path }) => path));
    this.#files = paths.size;
    for (const path of paths)
      for (const word of pathFacts(path).words)
        if (stems.has(word)) this.#frequency.set(word, (this.#frequency.get(word) ?? 0) + 1);
  }

  of({ fileId, path }: Candidate): FileFact {
    let fact = this.#known.get(fileId);
    if (fact === undefined) {
      const { kind, lower, nameWords } = pathFacts(path);
      const isNamed = this.#query.files.some(
        (file) => lower === file || lower.endsWith(`/${file}`) || file.endsWith(`/${lower}`),
      );
      fact = { kind, isNamed, nameShare: this.#nameShare(nameWords) };
      this.#known.set(fileId, fact);
    }
    return fact;
  }

  #nameShare(words: readonly string[]): number {
    if (words.length === 0) return 0;
    let matched = 0;
    for (const word of words) if (this.#stems.has(word)) matched += this.#rarity(word);
    return matched / words.length;
  }

  /** 1 for a word that one path has, 0 for one that all have: the inverse document frequency, scaled. */
  #rarity(word: string): number {
    const found = this.#frequency.get(word) ?? 1;
    return this.#files <= 1 ? 1 : 1 - Math.log(found) / Math.log(this.#files);
  }
}

keepShape(new FileFacts(understandQuery(''), new Set(), []));
