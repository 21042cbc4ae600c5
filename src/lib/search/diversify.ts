import type { RankedChunk } from './rank.js';

const BLOCK = 10;
const MOST_OF_A_FILE = 3;

/** A chunk with a smaller share of the best score does not match well enough to take a place from a better one: mostly its relevance is less than half of that one's. */
const STILL_MATCHES = 0.5;

/**
 * The first `limit` hits with at most three of one file in each ten, unless nothing else matches. The order of those
 * that stay is kept.
 */
export function diversify(ranked: readonly RankedChunk[], limit: number): RankedChunk[] {
  const floor = (ranked[0]?.score ?? 0) * STILL_MATCHES;
  const waiting: RankedChunk[] = [];
  const chosen: RankedChunk[] = [];
  let taken = new Map<number, number>();
  let next = 0;
  const take = (entry: RankedChunk): void => {
    chosen.push(entry);
    if (chosen.length % BLOCK === 0) taken = new Map();
    else taken.set(entry.candidate.fileId, (taken.get(entry.candidate.fileId) ?? 0) + 1);
  };
  const hasRoom = ({ candidate }: RankedChunk): boolean =>
    (taken.get(candidate.fileId) ?? 0) < MOST_OF_A_FILE;
  while (chosen.length < Math.min(limit, ranked.length)) {
    const late = waiting.findIndex(hasRoom);
    if (late !== -1) {
      take(waiting.splice(late, 1)[0]!);
      continue;
    }
    const entry = ranked[next];
    if (entry === undefined || (entry.score < floor && waiting.length > 0)) take(waiting.shift()!);
    else {
      next += 1;
      if (hasRoom(entry)) take(entry);
      else waiting.push(entry);
    }
  }
  return chosen;
}
