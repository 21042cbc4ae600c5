import type { StoreReader, StoredChunk } from '../store/types.js';

/** Where a passage stands that another one repeats. */
export type Place = Pick<StoredChunk, 'path' | 'startLine' | 'endLine'>;

type Passage = Place & Pick<StoredChunk, 'id' | 'text' | 'symbol'>;

export interface Distinct<T> {
  /** In their order, without those that repeat an earlier one. */
  readonly entries: T[];
  /** Chunk of an entry that stayed -> where those stand that repeat it, in their order. */
  readonly duplicates: ReadonlyMap<number, readonly Place[]>;
}

export interface DistinctOptions<T> {
  readonly idOf: (entry: T) => number;
  /** How many entries are wanted in the end. */
  readonly limit: number;
}

/** So many texts are compared at least, and three for each hit that is wanted: what comes later is not looked at. */
const FEWEST_COMPARED = 50;

/**
 * Share of three-word runs that two texts have in common from which on they count as one. Functions of one name may
 * differ in about one word of forty; texts without names hardly at all, since what tells them apart may be one word.
 */
const SAME_NAME_FROM = 0.85;
const SAME_TEXT_FROM = 0.9;

/** Texts with fewer runs are alike by chance; they count as one only when they are equal. */
const FEWEST_RUNS = 12;

/** Ranked entries without near-duplicates among the first of them: the one that ranks highest stands for the others. */
export function withoutDuplicates<T>(
  reader: Pick<StoreReader, 'chunks'>,
  ranked: readonly T[],
  { idOf, limit }: DistinctOptions<T>,
): Distinct<T> {
  const compared = ranked.slice(0, Math.max(FEWEST_COMPARED, limit * 3)).map(idOf);
  const passages = reader.chunks(compared);
  const repeats = repeatsAmong(passages);
  const duplicates = new Map<number, Place[]>();
  for (const { id, path, startLine, endLine } of passages) {
    const first = repeats.get(id);
    if (first === undefined) continue;
    const places = duplicates.get(first) ?? [];
    places.push({ path, startLine, endLine });
    duplicates.set(first, places);
  }
  return { entries: ranked.filter((entry) => !repeats.has(idOf(entry))), duplicates };
}

/**
 * Which passages repeat an earlier one: equal but for white space, or with nearly the same runs of three words (Jaccard
 * index of shingles; Broder 1997) and no other name. Each is compared with those that stay only where they share a run.
 */
export function repeatsAmong(passages: readonly Passage[]): Map<number, number> {
  const repeats = new Map<number, number>();
  const byText = new Map<string, number>();
  const byRun = new Map<number, Shingled[]>();
  for (const { id, text, symbol } of passages) {
    const plain = text.trim().replaceAll(/\s+/g, ' ');
    const equal = byText.get(plain);
    const shingled = { id, symbol, runs: equal === undefined ? runsOf(plain) : new Set<number>() };
    const first = equal ?? mostAlike(shingled, byRun);
    if (first !== undefined) {
      repeats.set(id, first);
      continue;
    }
    byText.set(plain, id);
    for (const run of shingled.runs) {
      const holders = byRun.get(run);
      if (holders) holders.push(shingled);
      else byRun.set(run, [shingled]);
    }
  }
  return repeats;
}

interface Shingled {
  readonly id: number;
  readonly symbol: string | undefined;
  readonly runs: ReadonlySet<number>;
}

function mostAlike(
  { runs, symbol }: Shingled,
  byRun: ReadonlyMap<number, readonly Shingled[]>,
): number | undefined {
  if (runs.size < FEWEST_RUNS) return undefined;
  const shared = new Map<Shingled, number>();
  for (const run of runs)
    for (const other of byRun.get(run) ?? []) shared.set(other, (shared.get(other) ?? 0) + 1);
  let best: number | undefined;
  let bestShare = symbol === undefined ? SAME_TEXT_FROM : SAME_NAME_FROM;
  for (const [other, count] of shared) {
    if (other.symbol !== symbol || other.runs.size < FEWEST_RUNS) continue;
    const share = count / (runs.size + other.runs.size - count);
    if (share < bestShare) continue;
    best = other.id;
    bestShare = share;
  }
  return best;
}

// Scripts that put no space between words: each sign counts as one.
const WORDS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{M}\p{N}_]+/gu;

/** Hashes of the runs of three words; two different runs meet so seldom that no share depends on it. */
function runsOf(text: string): Set<number> {
  const hashes = (text.toLowerCase().match(WORDS) ?? []).map(hash);
  const runs = new Set<number>();
  for (let at = 0; at + 2 < hashes.length; at++) {
    runs.add(mix(mix(hashes[at]!, hashes[at + 1]!), hashes[at + 2]!));
  }
  return runs;
}

/** FNV-1a over UTF-16 units. */
function hash(word: string): number {
  let state = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) state = mix(state, word.charCodeAt(at));
  return state;
}

function mix(state: number, value: number): number {
  return Math.imul(state ^ value, 0x01000193) >>> 0;
}
