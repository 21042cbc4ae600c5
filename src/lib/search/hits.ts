import type { StoreReader } from '../store/types.js';
import { withContext } from './context-lines.js';
import type { Place } from './duplicates.js';
import type { ScoreParts } from './score-parts.js';
import { bestLines } from './snippet.js';
import type { SearchHit } from './types.js';

/** What is said of a chunk beside what it holds. */
export interface HitEntry {
  readonly chunkId: number;
  /** The score that is shown, 0..1. */
  readonly score: number;
  readonly vector?: number | undefined;
  readonly lexical?: number | undefined;
  readonly parts?: ScoreParts | undefined;
}

export interface HitOptions {
  /** Words whose lines are shown. */
  readonly terms: readonly string[];
  /** How much a word tells in this index. */
  readonly weightOf: (term: string) => number;
  readonly root: string;
  /** Lines before and after each snippet. */
  readonly context: number;
  /** Where those stand that repeat a hit, by its chunk. */
  readonly duplicates: ReadonlyMap<number, readonly Place[]>;
}

/** Ranked chunks as a result shows them, with their snippets. */
export async function hitsOf(
  reader: StoreReader,
  chosen: readonly HitEntry[],
  { terms, weightOf, root, context, duplicates }: HitOptions,
): Promise<SearchHit[]> {
  const ids = chosen.map(({ chunkId }) => chunkId);
  const chunks = new Map(reader.chunks(ids).map((chunk) => [chunk.id, chunk]));
  const hits: SearchHit[] = [];
  for (const { chunkId, score, vector, lexical, parts } of chosen) {
    const chunk = chunks.get(chunkId);
    if (!chunk) continue;
    const { symbol } = chunk;
    const repeated = duplicates.get(chunkId);
    let snippet = bestLines(chunk.text, chunk.startLine, terms, { weightOf, symbol });
    const file = context > 0 ? reader.fileByPath(chunk.path) : undefined;
    if (file) snippet = await withContext(snippet, root, file, context);
    hits.push({
      rank: hits.length + 1,
      score: round(score),
      path: chunk.path,
      startLine: chunk.startLine,
      endLine: chunk.endLine,
      language: chunk.language,
      ...(symbol === undefined ? {} : { symbol }),
      snippet: snippet.text,
      snippetStartLine: snippet.startLine,
      scores: {
        ...(vector === undefined ? {} : { vector: round(vector) }),
        ...(lexical === undefined ? {} : { lexical: round(lexical) }),
        ...(parts === undefined ? {} : { parts: rounded(parts) }),
      },
      ...(repeated === undefined ? {} : { duplicates: repeated }),
    });
  }
  return hits;
}

function rounded(parts: ScoreParts): ScoreParts {
  return Object.fromEntries(
    Object.entries(parts).map(([name, value]) => [name, round(value as number)]),
  ) as never;
}

function round(score: number): number {
  return Math.round(score * 1e4) / 1e4;
}
