import { definitionsIn } from '../corpus/definitions-in.js';
import type { ChunkScore, FileScore, SearchFilter, StoreReader, WordWeights } from '../store/types.js';
import type { Candidate, Evidence, LegRange, LegRanges } from './rank.js';
import { stem } from './stems.js';
import type { UnderstoodQuery } from './understand.js';

/** How many candidates each leg gives to the ranking at least: more vectors cost reads and change no ranking. */
export const WORD_CANDIDATES = 1_000;
export const VECTOR_CANDIDATES = 300;

/** Of each leg's best, so many are read for what only their texts say. */
const READ_CANDIDATES = 100;

/** Of a pasted text, so many words are compared with a chunk. */
const COMPARED_WORDS = 60;

/** What the legs found for one query; an absent leg is an empty list. Each is sorted, best first. */
export interface Legs {
  readonly vectors: readonly ChunkScore[];
  readonly chunkWords: readonly ChunkScore[];
  readonly fileWords: readonly FileScore[];
}

/** BM25 counts a match in a symbol (of Markdown: its heading) or a path so many times; see docs/search-quality.md. */
const CHUNK_FIELDS: WordWeights = { body: 1, symbol: 1, path: 1 };
const FILE_FIELDS: WordWeights = { body: 1, path: 1 };

/** The two legs by words. */
export function searchWords(
  reader: StoreReader,
  terms: readonly string[],
  limit: number,
  filter: SearchFilter | undefined,
): Pick<Legs, 'chunkWords' | 'fileWords'> {
  return {
    chunkWords: reader.searchChunkWords(terms, { limit, filter, weights: CHUNK_FIELDS }),
    fileWords: reader.searchFileWords(terms, { limit, filter, weights: FILE_FIELDS }),
  };
}

/** Brings together what is known of every chunk that a leg found. `weightOf`: how much a word of the query tells. */
export function gather(
  reader: StoreReader,
  query: UnderstoodQuery,
  legs: Legs,
  weightOf: (term: string) => number,
): Candidate[] {
  const vectors = new Map(legs.vectors.map(({ chunkId, score }) => [chunkId, score]));
  const words = new Map(legs.chunkWords.map(({ chunkId, score }) => [chunkId, score]));
  const fileWords = new Map(legs.fileWords.map(({ fileId, score }) => [fileId, score]));
  const ids = [...new Set([...vectors.keys(), ...words.keys()])];
  const read = [...legs.vectors.slice(0, READ_CANDIDATES), ...legs.chunkWords.slice(0, READ_CANDIDATES)];
  const telling = tellingWords(query.terms, weightOf);
  const { evidence, fileWordShare } = evidenceOf(reader, query, telling, [
    ...new Set(read.map(({ chunkId }) => chunkId)),
  ]);
  const modified = new Map<string, number | undefined>();
  return reader.places(ids).map(({ id, fileId, path, startLine, symbol }) => {
    if (query.isAboutRecent && !modified.has(path)) modified.set(path, reader.fileByPath(path)?.mtimeMs);
    return {
      chunkId: id,
      fileId,
      path,
      startLine,
      symbol,
      vector: vectors.get(id),
      words: words.get(id),
      fileWords: fileWords.get(fileId),
      evidence: evidence.get(id),
      fileWordShare: fileWordShare.get(fileId),
      modified: modified.get(path),
    };
  });
}

/** The words of a query as texts are asked for them, and which share of what all of them tell each one tells. */
function tellingWords(
  terms: readonly string[],
  weightOf: (term: string) => number,
): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const term of terms.slice(0, COMPARED_WORDS)) {
    const word = stem(term);
    weights.set(word, Math.min(weights.get(word) ?? Infinity, weightOf(term)));
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return new Map([...weights].map(([word, weight]) => [word, total === 0 ? 0 : weight / total]));
}

/** What only the texts say, of each chunk and of all that is read of a file together. */
function evidenceOf(
  reader: StoreReader,
  { phrases, excluded }: UnderstoodQuery,
  telling: ReadonlyMap<string, number>,
  ids: readonly number[],
): { evidence: ReadonlyMap<number, Evidence>; fileWordShare: ReadonlyMap<number, number> } {
  const wanted = phrases.map(plain);
  const unwanted = excluded.map((word) => new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'u'));
  const evidence = new Map<number, Evidence>();
  const wordsOfFile = new Map<number, Set<string>>();
  for (const { id, fileId, text, language, path } of reader.chunks(ids)) {
    const lower = plain(text);
    const all = `${lower} ${plain(path)}`;
    const words = [...telling.keys()].filter((word) => all.includes(word));
    const ofFile = wordsOfFile.get(fileId) ?? new Set();
    for (const word of words) ofFile.add(word);
    wordsOfFile.set(fileId, ofFile);
    const found = wanted.filter((phrase) => lower.includes(phrase)).length;
    evidence.set(id, {
      defines: definitionsIn(text, language),
      phrases: wanted.length === 0 ? 0 : found / wanted.length,
      isExcluded: unwanted.some((word) => word.test(all)),
      wordShare: shareOf(words, telling),
    });
  }
  const fileWordShare = new Map([...wordsOfFile].map(([id, words]) => [id, shareOf(words, telling)]));
  return { evidence, fileWordShare };
}

function shareOf(words: Iterable<string>, telling: ReadonlyMap<string, number>): number {
  let share = 0;
  for (const word of words) share += telling.get(word) ?? 0;
  return share;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, ' ');
}

/**
 * The best score of each leg and its `depth`-th: what a hit scores must not depend on how many were asked for. Where
 * fewer chunks have any of the words, the worst of them is still better than those without, which BM25 gives 0.
 */
export function rangesOf({ vectors, chunkWords, fileWords }: Legs): LegRanges {
  return {
    vector: range(vectors, VECTOR_CANDIDATES, vectors.at(-1)?.score ?? 0),
    words: range(chunkWords, WORD_CANDIDATES, 0),
    fileWords: range(fileWords, WORD_CANDIDATES, 0),
  };
}

function range(list: readonly { score: number }[], depth: number, lowest: number): LegRange {
  return { high: list[0]?.score ?? 0, low: list.length < depth ? lowest : list[depth - 1]!.score };
}
