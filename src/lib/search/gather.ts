import type { ChunkPlace, ChunkScore, SearchFilter, StoreReader, WordScores } from '../store/types.js';
import { evidenceOf, type EvidenceOfTexts, excludedIn } from './evidence.js';
import { lexicalMatch, type LegRange, type LegRanges, matchOf } from './match.js';
import { pathFacts } from './path-facts.js';
import { BEST_BY_WORDS, type Candidate } from './rank.js';
import { topOfReadme } from './readme.js';
import type { UnderstoodQuery } from './understand.js';
import type { RankingWeights } from './weights.js';

/** How far each leg is followed at least: what its score at that depth is becomes 0 in the ranking. */
export const WORD_CANDIDATES = 1_000;
export const VECTOR_CANDIDATES = 300;
/** Where more than 100 hits are asked for, so many for each: up to there the scale is the same for all. */
export const VECTORS_PER_HIT = 3;

/** Of a leg's best, so many are ranked at least, or some for each hit: others change no first ten (decision 21), unless ... */
const RANKED_CANDIDATES = 100;
const RANKED_PER_HIT = 8;

/** ... more than this share of them are of kinds that are lowered: then so many behind them are searched for others (decision 36). */
const MOST_LOWERED = 1 / 2;
const SEARCHED_BEHIND = 350;
const LOWERED_BELOW = 0.9;

/** So many are read for what only their texts say, however many hits are asked for: the best by what is known without texts. */
const READ_CANDIDATES = 50;
/** Texts at a time, where every candidate is looked at: half a megabyte. */
const TEXTS_AT_ONCE = 1_000;
/** A phrase of a query has its words in it. */
const READ_BY_WORDS_OF_PHRASES = 50;

const NONE: ReadonlySet<number> = new Set();

/** What the legs found for one query; an absent leg is empty. Each is sorted, best first. */
export interface Legs {
  readonly vectors: readonly ChunkScore[];
  readonly chunkWords: WordScores;
  readonly fileWords: WordScores;
}

/** The two legs by words. */
export function searchWords(
  reader: StoreReader,
  terms: readonly string[],
  limit: number,
  filter: SearchFilter | undefined,
): Pick<Legs, 'chunkWords' | 'fileWords'> {
  return {
    chunkWords: reader.searchChunkWords(terms, { limit, filter }),
    fileWords: reader.searchFileWords(terms, { limit, filter }),
  };
}

export interface GatherOptions {
  /** How much a word of the query tells. */
  readonly weightOf: (term: string) => number;
  readonly weights: Pick<RankingWeights, 'kind' | 'vector' | 'fileShare'>;
  /** How many hits are asked for. */
  readonly limit: number;
}

/**
 * Brings together what is known of the best chunks that the legs found, enough for `limit` hits. However many are asked for,
 * the nearest are the same of the same legs, and of these texts are read; further ones change nothing of what those score.
 */
export function gather(
  reader: StoreReader,
  query: UnderstoodQuery,
  legs: Legs,
  { weightOf, weights, limit }: GatherOptions,
): Candidate[] {
  const near = nearest(reader, query, legs, weights.kind);
  const places = near.concat(further(reader, legs, near, limit));
  const scores = scoresOf(legs, places);
  const read = bestBeforeReading(near, scores, query, { ranges: rangesOf(legs), weights });
  const byWords = query.phrases.length > 0 ? READ_BY_WORDS_OF_PHRASES : BEST_BY_WORDS;
  for (let place = 0; place < Math.min(byWords, legs.chunkWords.ids.length); place++)
    read.add(legs.chunkWords.ids[place]!);
  const evidence = evidenceOf(reader.chunks([...read]), query, weightOf);
  const excluded = query.excluded.length > 0 ? excludedOf(reader, places, query) : NONE;
  const modified = query.isAboutRecent ? modifiedTimes(reader, places) : undefined;
  return candidatesOf(places, near.length, { ...scores, evidence, excluded, modified });
}

// In several functions, by what they go through: the compiler's job for one of them all would take 3.5 MB, more than any
// other, and each of V8's threads keeps what its largest one took (decision 32).

interface KnownScores {
  readonly vectors: ReadonlyMap<number, number>;
  readonly words: ReadonlyMap<number, number>;
  readonly fileWords: ReadonlyMap<number, number>;
}

interface KnownOfChunks extends KnownScores {
  readonly evidence: EvidenceOfTexts;
  readonly excluded: ReadonlySet<number>;
  readonly modified: ReadonlyMap<string, number | undefined> | undefined;
}

/** The best of each leg, the top of the README where it is asked what all this is, and others where most are of kinds that are lowered. */
function nearest(
  reader: StoreReader,
  query: UnderstoodQuery,
  legs: Legs,
  weights: RankingWeights['kind'],
): ChunkPlace[] {
  const ids = bestIds(legs, RANKED_CANDIDATES);
  if (query.isAboutAll) for (const chunkId of topOfReadme(reader)) ids.add(chunkId);
  const places = reader.places([...ids]);
  if (countLowered(places, query, weights) <= places.length * MOST_LOWERED) return places;
  const behind = legs.chunkWords.ids.slice(RANKED_CANDIDATES, RANKED_CANDIDATES + SEARCHED_BEHIND);
  const others = reader
    .places([...behind].filter((chunkId) => !ids.has(chunkId)))
    .filter(({ path }) => !isLowered(path, query, weights));
  return places.concat(others.slice(0, RANKED_CANDIDATES));
}

/** What has to be ranked beside the nearest where many hits are asked for. */
function further(reader: StoreReader, legs: Legs, near: readonly ChunkPlace[], limit: number): ChunkPlace[] {
  const count = limit * RANKED_PER_HIT;
  if (count <= RANKED_CANDIDATES) return [];
  const ids = bestIds(legs, count);
  for (const { id } of near) ids.delete(id);
  return reader.places([...ids]);
}

/** Of each leg's best so many. */
function bestIds({ vectors, chunkWords }: Legs, count: number): Set<number> {
  const ids = new Set<number>();
  for (let place = 0; place < vectors.length && place < count; place++) ids.add(vectors[place]!.chunkId);
  for (let place = 0; place < chunkWords.ids.length && place < count; place++)
    ids.add(chunkWords.ids[place]!);
  return ids;
}

/** Of these chunks alone: the legs have a thousand. */
function scoresOf({ vectors, chunkWords, fileWords }: Legs, places: readonly ChunkPlace[]): KnownScores {
  const chunks = new Set<number>();
  const files = new Set<number>();
  for (let index = 0; index < places.length; index++) {
    chunks.add(places[index]!.id);
    files.add(places[index]!.fileId);
  }
  return {
    vectors: vectorScores(vectors, chunks),
    words: wordScores(chunkWords, chunks),
    fileWords: wordScores(fileWords, files),
  };
}

function vectorScores(hits: readonly ChunkScore[], wanted: ReadonlySet<number>): Map<number, number> {
  const vectors = new Map<number, number>();
  for (let place = 0; place < hits.length; place++) {
    const { chunkId, score } = hits[place]!;
    if (wanted.has(chunkId)) vectors.set(chunkId, score);
  }
  return vectors;
}

function wordScores({ ids, scores }: WordScores, wanted: ReadonlySet<number>): Map<number, number> {
  const words = new Map<number, number>();
  // By index: to iterate over a thousand entries leaves a hundred kilobytes of garbage.
  for (let place = 0; place < ids.length; place++)
    if (wanted.has(ids[place]!)) words.set(ids[place]!, scores[place]!);
  return words;
}

function candidatesOf(places: readonly ChunkPlace[], near: number, known: KnownOfChunks): Candidate[] {
  const candidates: Candidate[] = [];
  for (let index = 0; index < places.length; index++)
    candidates.push(candidateOf(places[index]!, index >= near, known));
  return candidates;
}

function candidateOf(
  { id, fileId, path, startLine, symbol }: ChunkPlace,
  isFurther: boolean,
  { vectors, words, fileWords, evidence, excluded, modified }: KnownOfChunks,
): Candidate {
  return {
    chunkId: id,
    fileId,
    path,
    startLine,
    symbol,
    vector: vectors.get(id),
    words: words.get(id),
    fileWords: fileWords.get(fileId),
    evidence: evidence.ofChunk.get(id),
    fileWordShare: evidence.fileWordShare.get(fileId),
    isExcluded: excluded.has(id),
    isFurther,
    modified: modified?.get(path),
  };
}

/**
 * The best by words and meaning, as far as the kind of their file is wanted; prose in full, since how much it is
 * lowered depends on which words code has, and prose (see rank.ts).
 */
function bestBeforeReading(
  places: readonly ChunkPlace[],
  { vectors, words, fileWords }: KnownScores,
  query: UnderstoodQuery,
  { ranges, weights }: { ranges: LegRanges; weights: GatherOptions['weights'] },
): Set<number> {
  const share = weights.vector[query.kind];
  const kinds = { ...weights.kind, document: 1 };
  const scores = new Float64Array(places.length);
  for (let index = 0; index < places.length; index++) {
    const { id, fileId, path } = places[index]!;
    const lexical = lexicalMatch(words.get(id), fileWords.get(fileId), ranges, weights.fileShare);
    scores[index] = matchOf(lexical, vectors.get(id), ranges, share) * weightOfKind(path, query, kinds);
  }
  const sorted = scores.toSorted();
  const first = Math.max(0, sorted.length - READ_CANDIDATES);
  const least = sorted[first]!;
  let ties = sorted.lastIndexOf(least) - first + 1;
  const best = new Set<number>();
  for (let index = 0; index < places.length; index++) {
    const score = scores[index]!;
    if (score > least || (score === least && ties-- > 0)) best.add(places[index]!.id);
  }
  return best;
}

/** Of all candidates, those with a word that no hit may have. */
function excludedOf(reader: StoreReader, places: readonly ChunkPlace[], query: UnderstoodQuery): Set<number> {
  const excluded = new Set<number>();
  const hasExcluded = excludedIn(query);
  for (let start = 0; start < places.length; start += TEXTS_AT_ONCE) {
    const ids = places.slice(start, start + TEXTS_AT_ONCE).map(({ id }) => id);
    for (const chunk of reader.chunks(ids)) if (hasExcluded(chunk)) excluded.add(chunk.id);
  }
  return excluded;
}

function modifiedTimes(reader: StoreReader, places: readonly ChunkPlace[]): Map<string, number | undefined> {
  const times = new Map<string, number | undefined>();
  for (const { path } of places) if (!times.has(path)) times.set(path, reader.fileByPath(path)?.mtimeMs);
  return times;
}

/** 1 for a kind that the query asks for. */
function weightOfKind(path: string, { asksFor }: UnderstoodQuery, weights: RankingWeights['kind']): number {
  const { kind } = pathFacts(path);
  return asksFor.has(kind) ? 1 : weights[kind];
}

/** Whether a file is of a kind that the query does not want first. */
function isLowered(path: string, query: UnderstoodQuery, weights: RankingWeights['kind']): boolean {
  return weightOfKind(path, query, weights) < LOWERED_BELOW;
}

function countLowered(
  places: readonly ChunkPlace[],
  query: UnderstoodQuery,
  weights: RankingWeights['kind'],
): number {
  let count = 0;
  for (let index = 0; index < places.length; index++)
    if (isLowered(places[index]!.path, query, weights)) count++;
  return count;
}

/**
 * The best score of each leg, and the one at the depth that it is always followed to: what a hit scores must not depend on how many were asked for. Where
 * fewer chunks have any of the words, the worst of them is still better than those without, which BM25 gives 0.
 */
export function rangesOf({ vectors, chunkWords, fileWords }: Legs): LegRanges {
  const { length } = vectors;
  const lowest = vectors[Math.min(length, VECTOR_CANDIDATES) - 1]?.score ?? 0;
  return {
    vector: { high: vectors[0]?.score ?? 0, low: lowest },
    words: rangeOfWords(chunkWords),
    fileWords: rangeOfWords(fileWords),
  };
}

function rangeOfWords({ scores }: WordScores): LegRange {
  return { high: scores[0] ?? 0, low: scores[WORD_CANDIDATES - 1] ?? 0 };
}
