import type { ChunkPlace, ChunkScore, SearchFilter, StoreReader, WordScores } from '../store/types.js';
import { evidenceOf, type EvidenceOfTexts } from './evidence.js';
import { pathFacts } from './path-facts.js';
import type { Candidate, LegRange, LegRanges } from './rank.js';
import { topOfReadme } from './readme.js';
import type { UnderstoodQuery } from './understand.js';
import type { RankingWeights } from './weights.js';

/** How far each leg is followed at least: what its score at that depth is becomes 0 in the ranking. */
export const WORD_CANDIDATES = 1_000;
export const VECTOR_CANDIDATES = 300;

/** Of a leg's best, so many are ranked at least, or some for each hit: others change no first ten (decision 21), unless ... */
const RANKED_CANDIDATES = 120;
const RANKED_PER_HIT = 8;

/** ... more than this share of them are of kinds that are lowered: then so many behind them are searched for others (decision 36). */
const MOST_LOWERED = 1 / 2;
const SEARCHED_BEHIND = 350;
const LOWERED_BELOW = 0.9;

/** Of each leg's best, so many are read for what only their texts say. */
const READ_CANDIDATES = 50;

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
  readonly weights: Pick<RankingWeights, 'kind'>;
  /** How many hits are asked for. */
  readonly limit: number;
}

/** Brings together what is known of the best chunks that the legs found, enough for `limit` hits. */
export function gather(
  reader: StoreReader,
  query: UnderstoodQuery,
  legs: Legs,
  { weightOf, weights, limit }: GatherOptions,
): Candidate[] {
  const ranked = Math.max(RANKED_CANDIDATES, limit * RANKED_PER_HIT);
  const vectors = new Map<number, number>();
  const ids = new Set<number>();
  for (let place = 0; place < legs.vectors.length; place++) {
    const { chunkId, score } = legs.vectors[place]!;
    vectors.set(chunkId, score);
    if (place < ranked) ids.add(chunkId);
  }
  const words = new Map<number, number>();
  const { ids: chunkIds, scores } = legs.chunkWords;
  // By index: to iterate over a thousand entries leaves a hundred kilobytes of garbage.
  for (let place = 0; place < chunkIds.length; place++) {
    const chunkId = chunkIds[place]!;
    if (place < ranked) ids.add(chunkId);
    else if (!ids.has(chunkId)) continue;
    words.set(chunkId, scores[place]!);
  }
  if (query.isAboutAll) for (const chunkId of topOfReadme(reader)) ids.add(chunkId);
  const { places, evidence } = readTexts(reader, query, legs, weightOf);
  for (let index = 0; index < places.length; index++) ids.delete(places[index]!.id);
  places.push(...reader.places([...ids]));
  if (countLowered(places, query, weights.kind) > places.length * MOST_LOWERED) {
    const behind = new Map<number, number>();
    for (let place = ranked; place < chunkIds.length && place < ranked + SEARCHED_BEHIND; place++)
      if (!words.has(chunkIds[place]!)) behind.set(chunkIds[place]!, scores[place]!);
    const others = reader
      .places([...behind.keys()])
      .filter(({ path }) => !isLowered(path, query, weights.kind));
    for (const place of others.slice(0, ranked)) {
      places.push(place);
      words.set(place.id, behind.get(place.id)!);
    }
  }
  const files = new Set<number>();
  for (let index = 0; index < places.length; index++) files.add(places[index]!.fileId);
  const fileWords = new Map<number, number>();
  for (let place = 0; place < legs.fileWords.ids.length; place++) {
    const fileId = legs.fileWords.ids[place]!;
    if (files.has(fileId)) fileWords.set(fileId, legs.fileWords.scores[place]!);
  }
  const modified = query.isAboutRecent ? modifiedTimes(reader, places) : undefined;
  const candidates: Candidate[] = [];
  for (let index = 0; index < places.length; index++) {
    const { id, fileId, path, startLine, symbol } = places[index]!;
    candidates.push({
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
      modified: modified?.get(path),
    });
  }
  return candidates;
}

/** What the texts of the best of each leg say, and their places, which come with them; the texts themselves are not held. */
function readTexts(
  reader: StoreReader,
  query: UnderstoodQuery,
  { vectors, chunkWords }: Legs,
  weightOf: (term: string) => number,
): { places: ChunkPlace[]; evidence: EvidenceOfTexts } {
  const ids = new Set<number>();
  for (let place = 0; place < READ_CANDIDATES; place++) {
    if (place < vectors.length) ids.add(vectors[place]!.chunkId);
    if (place < chunkWords.ids.length) ids.add(chunkWords.ids[place]!);
  }
  const chunks = reader.chunks([...ids]);
  const places: ChunkPlace[] = [];
  for (let index = 0; index < chunks.length; index++) {
    const { id, fileId, path, startLine, symbol } = chunks[index]!;
    places.push(
      symbol === undefined ? { id, fileId, path, startLine } : { id, fileId, path, startLine, symbol },
    );
  }
  return { places, evidence: evidenceOf(chunks, query, weightOf) };
}

function modifiedTimes(reader: StoreReader, places: readonly ChunkPlace[]): Map<string, number | undefined> {
  const times = new Map<string, number | undefined>();
  for (const { path } of places) if (!times.has(path)) times.set(path, reader.fileByPath(path)?.mtimeMs);
  return times;
}

/** Whether a file is of a kind that the query does not want first. */
function isLowered(path: string, { asksFor }: UnderstoodQuery, weights: RankingWeights['kind']): boolean {
  const { kind } = pathFacts(path);
  return weights[kind] < LOWERED_BELOW && !asksFor.has(kind);
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
 * The best score of each leg and its `depth`-th: what a hit scores must not depend on how many were asked for. Where
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
