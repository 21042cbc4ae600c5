import { keepShape } from '../memory/keep-shape.js';
import type { FileKind } from './file-kind.js';
import { type PathFacts, pathFacts } from './path-facts.js';
import type { Candidate } from './rank.js';
import { Stems } from './stems.js';
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
  readonly #stems: Stems;
  readonly #known = new Map<number, FileFact>();
  /** How many files have the word in their path, of those of the nearest candidates. */
  readonly #frequency = new Map<string, number>();
  readonly #files: number;
  /** Of these files a word of the path may be in the query. */
  readonly #matching = new Set<number>();

  constructor(query: UnderstoodQuery, stems: Stems, candidates: readonly Candidate[]) {
    this.#query = query;
    this.#stems = stems;
    const seen = new Set<number>();
    for (let index = 0; index < candidates.length; index++) {
      const { fileId, path, isFurther } = candidates[index]!;
      if (isFurther === true || seen.has(fileId)) continue;
      seen.add(fileId);
      this.#count(fileId, pathFacts(path));
    }
    this.#files = seen.size;
  }

  of({ fileId, path, isFurther }: Candidate): FileFact {
    let fact = this.#known.get(fileId);
    if (fact === undefined) {
      const facts = pathFacts(path);
      const { kind, lower } = facts;
      const isNamed = this.#query.files.some(
        (file) => lower === file || lower.endsWith(`/${file}`) || file.endsWith(`/${lower}`),
      );
      const mayMatch = this.#matching.has(fileId) || (isFurther === true && this.#stems.mayBeIn(lower));
      fact = { kind, isNamed, nameShare: mayMatch ? this.#nameShare(facts) : 0 };
      this.#known.set(fileId, fact);
    }
    return fact;
  }

  #count(fileId: number, facts: PathFacts): void {
    if (!this.#stems.mayBeIn(facts.lower)) return;
    this.#matching.add(fileId);
    const { words } = facts;
    for (let index = 0; index < words.length; index++) {
      const word = words[index]!;
      if (this.#stems.has(word)) this.#frequency.set(word, (this.#frequency.get(word) ?? 0) + 1);
    }
  }

  #nameShare(facts: PathFacts): number {
    const { nameWords } = facts;
    if (nameWords.length === 0) return 0;
    let matched = 0;
    for (let index = 0; index < nameWords.length; index++)
      if (this.#stems.has(nameWords[index]!)) matched += this.#rarity(nameWords[index]!);
    return matched / nameWords.length;
  }

  /** 1 for a word that one path has, 0 for one that all have: the inverse document frequency, scaled. */
  #rarity(word: string): number {
    const found = this.#frequency.get(word) ?? 1;
    return this.#files <= 1 ? 1 : 1 - Math.log(found) / Math.log(this.#files);
  }
}

keepShape(new FileFacts(understandQuery(''), new Stems([]), []));
