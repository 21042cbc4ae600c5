import { splitIdentifier } from '../corpus/words.js';
import { fileKind, type FileKind, isProse } from './file-kind.js';
import { stem } from './stems.js';

/** What a path says whatever is asked. */
export interface PathFacts {
  readonly kind: FileKind;
  readonly isProse: boolean;
  readonly lower: string;
  /** Stems of the words of the whole path, each once. */
  readonly words: readonly string[];
  /** Stems of the words of the file's name, without its ending. */
  readonly nameWords: readonly string[];
}

/** A process that answers many queries meets the same files again; so many are some hundred kilobytes. */
const MOST_KNOWN = 2_000;
const known = new Map<string, PathFacts>();

export function pathFacts(path: string): PathFacts {
  let facts = known.get(path);
  if (facts === undefined) {
    const name = path.slice(path.lastIndexOf('/') + 1).replace(/(?<=.)\..*$/, '');
    facts = {
      kind: fileKind(path),
      isProse: isProse(path),
      lower: path.toLowerCase(),
      words: [...new Set(stemsOf(path))],
      nameWords: stemsOf(name),
    };
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(path, facts);
  }
  return facts;
}

function stemsOf(text: string): string[] {
  return splitIdentifier(text).map((part) => stem(part.toLowerCase()));
}
