import type { SearchFilter, StoredChunk, StoreReader } from '../store/types.js';
import { chunkAt } from './chunk-at.js';
import { type Place, withoutDuplicates } from './duplicates.js';
import { bestOfEachFile } from './each-file.js';
import { VECTOR_CANDIDATES, VECTORS_PER_HIT } from './gather.js';
import { pathFilter } from './path-filter.js';
import { queryTerms } from './query-terms.js';
import { termWeights } from './term-weights.js';
import type { SimilarRequest } from './types.js';

/** So many of a passage's words are looked up where it has no vector, those that tell the most. */
const MOST_TERMS = 24;

/** Of a long passage, the words that are weighed. */
const MOST_WEIGHED = 64;

export interface SimilarChunk {
  readonly chunkId: number;
  /** The cosine, or by words a share of what the passage itself scores; not below 0. */
  readonly score: number;
  /** cosine */
  readonly vector?: number;
  /** the share by words */
  readonly lexical?: number;
}

export interface Similar {
  readonly source: StoredChunk;
  /** Best first, at most as many as asked for. */
  readonly chosen: readonly SimilarChunk[];
  /** Also those of the source. */
  readonly duplicates: ReadonlyMap<number, readonly Place[]>;
  readonly answeredBy: 'vector' | 'lexical';
  /** Vectors are damaged or missing on the disk: where words had to do, for that reason. */
  readonly isUnreadable: boolean;
}

/**
 * What is like the passage at a line, without the passage and what repeats it: by its stored vector, in `lexical` or
 * while none can be had by its words. Errors: those of chunkAt, USAGE for an unknown language.
 */
export async function findSimilar(reader: StoreReader, request: SimilarRequest): Promise<Similar> {
  const { path, line, mode, limit = 10, by } = request;
  const filter = pathFilter(request);
  const source = chunkAt(reader, path, line);
  const depth = Math.max(VECTOR_CANDIDATES, limit * VECTORS_PER_HIT);
  const { byVector, isUnreadable } =
    mode === 'lexical' ? NOT_BY_VECTOR : await similarByVector(reader, source, depth, filter);
  const found = byVector ?? similarByWords(reader, source, depth, filter);
  // The passage goes first, so that what repeats it goes to it, as its file does with one hit a file.
  const ranked = [{ chunkId: source.id, score: 1 }, ...found];
  const { entries, duplicates } = withoutDuplicates(
    reader,
    by === 'file' ? bestOfFiles(reader, ranked) : ranked,
    {
      idOf: ({ chunkId }) => chunkId,
      limit,
    },
  );
  return {
    source,
    chosen: entries.slice(1, limit + 1),
    duplicates,
    answeredBy: byVector ? 'vector' : 'lexical',
    isUnreadable,
  };
}

function bestOfFiles(reader: StoreReader, ranked: readonly SimilarChunk[]): SimilarChunk[] {
  const places = reader.places(ranked.map(({ chunkId }) => chunkId));
  const fileOf = new Map(places.map(({ id, fileId }) => [id, fileId]));
  return bestOfEachFile(ranked, ({ chunkId }) => fileOf.get(chunkId)!);
}

interface ByVector extends Pick<Similar, 'isUnreadable'> {
  /** Absent while the chunk has no vector, or where none can be read. */
  readonly byVector?: readonly SimilarChunk[];
}

const NOT_BY_VECTOR: ByVector = { isUnreadable: false };

/** Chunks that mean the same by their stored vectors. */
async function similarByVector(
  reader: StoreReader,
  { id }: StoredChunk,
  limit: number,
  filter: SearchFilter | undefined,
): Promise<ByVector> {
  let isUnreadable = false;
  const onUnreadable = () => (isUnreadable = true);
  const vector = await reader.vectorOf(id, onUnreadable);
  if (vector === undefined) return { isUnreadable };
  const found = await reader.searchVectors(vector, { limit: limit + 1, filter, onUnreadable });
  if (found.length === 0 && isUnreadable) return { isUnreadable };
  const byVector = found
    .filter(({ chunkId }) => chunkId !== id)
    .map(({ chunkId, score }) => ({ chunkId, score: Math.max(0, score), vector: score }));
  return { byVector, isUnreadable };
}

/** Chunks that share the passage's most telling words. */
function similarByWords(
  reader: StoreReader,
  { id, text }: StoredChunk,
  limit: number,
  filter: SearchFilter | undefined,
): SimilarChunk[] {
  const weightOf = termWeights(reader, reader.counts().chunks);
  const terms = queryTerms(text)
    .slice(0, MOST_WEIGHED)
    .toSorted((a, b) => weightOf(b) - weightOf(a))
    .slice(0, MOST_TERMS);
  const { ids, scores } = reader.searchChunkWords(terms, { limit: limit + 1, filter });
  const similar: SimilarChunk[] = [];
  for (let place = 0; place < ids.length; place++) {
    const share = Math.max(0, scores[place]! / scores[0]!);
    if (ids[place] !== id) similar.push({ chunkId: ids[place]!, score: share, lexical: share });
  }
  return similar;
}
