import { splitIdentifier } from '../corpus/words.js';
import { fileKind, type FileKind, isProse } from './file-kind.js';
import { RecentlyUsed } from '../memory/recently-used.js';
import { stem } from './stems.js';

/** What a path says whatever is asked. Its words are taken apart when they are asked for: of many only the kind is. */
export class PathFacts {
  readonly kind: FileKind;
  readonly isProse: boolean;
  readonly lower: string;
  readonly #path: string;
  #words: readonly string[] | undefined;
  #nameWords: readonly string[] | undefined;

  constructor(path: string) {
    this.#path = path;
    this.kind = fileKind(path);
    this.isProse = isProse(path);
    this.lower = path.toLowerCase();
  }

  /** Stems of the words of the whole path, each once. */
  get words(): readonly string[] {
    return (this.#words ??= [...new Set(stemsOf(this.#path))]);
  }

  /** Stems of the words of the file's name, without its ending. */
  get nameWords(): readonly string[] {
    return (this.#nameWords ??= stemsOf(
      this.#path.slice(this.#path.lastIndexOf('/') + 1).replace(/(?<=.)\..*$/, ''),
    ));
  }
}

/** A process that answers many queries meets the same files again; so many are some hundred kilobytes. */
const known = new RecentlyUsed<string, PathFacts>(2_000);

export function pathFacts(path: string): PathFacts {
  let facts = known.get(path);
  if (facts === undefined) {
    facts = new PathFacts(path);
    known.set(path, facts);
  }
  return facts;
}

function stemsOf(text: string): string[] {
  return splitIdentifier(text).map((part) => stem(part.toLowerCase()));
}
