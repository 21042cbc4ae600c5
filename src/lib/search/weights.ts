import type { FileKind } from './file-kind.js';
import type { SearchMode } from './types.js';
import type { QueryKind } from './understand.js';

/** All that the ranking weighs. Where each figure comes from is said in docs/search-quality.md. */
export interface RankingWeights {
  /** Share of the meaning in meaning + words, 0..1, by what the query is. */
  readonly vector: Readonly<Record<QueryKind, number>>;
  /** Of the score by words, the share of the whole file; the rest is the chunk's own. */
  readonly fileShare: number;
  /** By so much less does meaning count for each share of the query's words that the best chunks by words have beyond the usual. */
  readonly meaningByWordShare: number;
  readonly usualWordShare: number;
  /** Added, times 0..1. */
  readonly wordShare: number;
  readonly fileWordShare: number;
  readonly definition: number;
  readonly definitionWords: number;
  /** By what the query is: the words of a message are no names. */
  readonly fileName: Readonly<Record<QueryKind, number>>;
  readonly namedFile: number;
  /** For the README, where the query asks what the folder is. */
  readonly readme: number;
  readonly coherence: number;
  /** How many of its best chunks speak for a file. */
  readonly coherentChunks: number;
  /** The coherence of a file is multiplied by the weight of its kind to this power. */
  readonly coherenceOfKind: number;
  readonly phrase: number;
  readonly recency: number;
  /**
   * The score is multiplied by this for files of the kind, unless the query asks for them; for `document` only as far as
   * code has what is asked for. Nearer to 1 the less of the folder is code.
   */
  readonly kind: Readonly<Record<FileKind, number>>;
}

const WEIGHTS: RankingWeights = {
  vector: { sentence: 0.5, name: 0.3, path: 0.3, phrase: 0.3, error: 0.25, code: 0.3 },
  fileShare: 0.35,
  meaningByWordShare: 0.5,
  usualWordShare: 0.6,
  wordShare: 0.1,
  fileWordShare: 0.2,
  definition: 0.4,
  definitionWords: 0.1,
  fileName: { sentence: 0.25, name: 0.3, path: 0.3, phrase: 0.3, error: 0.1, code: 0.1 },
  namedFile: 0.5,
  readme: 2,
  coherence: 0.3,
  coherentChunks: 8,
  coherenceOfKind: 4,
  phrase: 0.1,
  recency: 0.2,
  kind: {
    source: 1,
    test: 0.4,
    generated: 0.6,
    vendored: 0.7,
    legacy: 0.8,
    changelog: 0.6,
    lock: 0.4,
    example: 0.8,
    declaration: 0.9,
    barrel: 0.9,
    document: 0.65,
  },
};

const NO_RULES = {
  meaningByWordShare: 0,
  wordShare: 0,
  fileWordShare: 0,
  definition: 0,
  definitionWords: 0,
  fileName: { sentence: 0, name: 0, path: 0, phrase: 0, error: 0, code: 0 },
  namedFile: 0,
  readme: 0,
  coherence: 0,
  phrase: 0,
  recency: 0,
  kind: Object.fromEntries(Object.keys(WEIGHTS.kind).map((kind) => [kind, 1])) as RankingWeights['kind'],
};

/**
 * Kinds are about projects of code: among pages of prose `history.md` is no changelog, and `test.md` is about a command.
 * A folder with so much code is one, whatever prose is in it.
 */
const PROJECT_OF_CODE = 0.5;

/** What a sentence's share of meaning was tuned with: the model that ships. */
const TUNED_SHARE = WEIGHTS.vector.sentence;
const MOST_VECTOR_SHARE = 0.9;

export interface WeighedFor {
  readonly ranking: boolean;
  readonly vectorShare: number | undefined;
  /** Share of the folder's files that are code, 0..1. */
  readonly codeShare: number;
}

/**
 * The weights of one search. `vector` alone has no rules, which are about words and names; a stronger model may say by
 * its profile that a sentence's meaning counts more (`vectorShare`), which raises it for every kind of query.
 */
export function weightsFor(
  mode: SearchMode,
  { ranking, vectorShare, codeShare }: WeighedFor,
): RankingWeights {
  const rules = ranking && mode !== 'vector' ? WEIGHTS : { ...WEIGHTS, ...NO_RULES };
  const share = (kind: QueryKind): number => {
    if (mode !== 'hybrid') return mode === 'vector' ? 1 : 0;
    if (!ranking) return 0.5;
    return Math.min(MOST_VECTOR_SHARE, (WEIGHTS.vector[kind] * (vectorShare ?? TUNED_SHARE)) / TUNED_SHARE);
  };
  const likeCode = Math.min(1, codeShare / PROJECT_OF_CODE);
  const kinds = Object.entries(rules.kind).map(([kind, weight]) => [kind, 1 - (1 - weight) * likeCode]);
  return {
    ...rules,
    kind: Object.fromEntries(kinds) as RankingWeights['kind'],
    // Nothing to weigh against each other where only one of them is asked for.
    meaningByWordShare: mode === 'hybrid' ? rules.meaningByWordShare : 0,
    vector: {
      sentence: share('sentence'),
      name: share('name'),
      path: share('path'),
      phrase: share('phrase'),
      error: share('error'),
      code: share('code'),
    },
  };
}
