import { EmbedSearchError } from '../errors.js';
import type { StoreReader } from '../store/types.js';
import type { EvaluationSet } from './read-set.js';

/** Which file of the index is which document. */
export interface DocumentNames {
  /** The id of a file's document: its path, or its path without the ending where the judgements say so. */
  readonly idOf: (path: string) => string;
  readonly judged: number;
  /** Judged documents that are no file of the index. */
  readonly unknown: readonly string[];
}

/**
 * Matches the ids of judged documents with the files of the index: `known` says which file is which document where
 * that is not told by the path. Throws USAGE where none fits: the judgements are of
 * another folder.
 */
export function documentNames(
  reader: StoreReader,
  { judgements }: EvaluationSet,
  known: ReadonlyMap<string, string> = new Map(),
): DocumentNames {
  const judged = new Set<string>();
  for (const ofQuery of judgements.values()) for (const id of ofQuery.keys()) judged.add(id);
  const byPath = new Map<string, string>();
  const found = new Set<string>();
  for (const { path } of reader.files()) {
    const names = [known.get(path) ?? path, path, path.replace(/\.[^./]+$/, '')];
    const id = names.find((name) => judged.has(name));
    if (id === undefined || (found.has(id) && id !== path)) continue;
    found.add(id);
    if (id !== path) byPath.set(path, id);
  }
  const unknown = [...judged].filter((id) => !found.has(id));
  if (found.size === 0) {
    throw new EmbedSearchError(
      'USAGE',
      `None of the ${judged.size} judged documents is a file of the index; ${unknown[0]} is the first.`,
      {
        fix: `Document ids are paths relative to ${reader.root}; name the folder that they are of with --path DIR.`,
      },
    );
  }
  return { idOf: (path) => byPath.get(path) ?? path, judged: judged.size, unknown };
}
