import { keepShape } from '../memory/keep-shape.js';
import type { WordScores } from './types.js';

/** Rows with a term, ascending: how often it stands in each, once where that is not said; or what each gains by it, which then is all that counts. */
export interface TermGains {
  readonly ids: Float64Array;
  readonly counts?: ArrayLike<number> | undefined;
  readonly gains?: ArrayLike<number> | undefined;
}

const NO_NUMBERS = new Float64Array(0);

const LEAST_KEPT = 1_024;
/** Numbers: memory for more is given up by the next query. */
const MOST_KEPT = 32_768;

/**
 * Scores of rows that come in lists, ascending by id, for one query after the other. In arrays of numbers, and in memory that
 * stays: what queries make and give up leaves the process' heap in pieces.
 */
export class RowScores {
  readonly #ids = new Numbers();
  readonly #otherIds = new Numbers();
  readonly #values = new Numbers();
  readonly #norms = new Numbers();
  readonly #keys = new Numbers();
  /** Of all lists, ascending, each once. */
  ids = new Float64Array(0);
  /** By the place of its id, from 0 on. */
  values = new Float64Array(0);
  /** What a count is set against, by the place of its id; the caller's to fill. */
  norms = new Float64Array(0);

  /** For the rows of these lists: each scores 0 and has no norm. What was there before is gone. */
  start(lists: readonly Float64Array[]): void {
    this.ids = this.#unionOf(lists);
    this.values = this.#values.take(this.ids.length).fill(0);
    this.norms = this.#norms.take(this.ids.length);
  }

  /**
   * Adds to the rows that are here what a term gives them: `most`, the more of it the more often it stands there against the
   * row's norm; or its gains.
   */
  add({ ids, counts, gains }: TermGains, most: number): void {
    const { ids: own, values, norms } = this;
    for (let slot = 0, index = 0; index < ids.length && slot < own.length; index++) {
      const id = ids[index]!;
      while (slot < own.length && own[slot]! < id) slot++;
      if (slot === own.length || own[slot] !== id) continue;
      const count = counts === undefined ? 1 : counts[index]!;
      values[slot]! += gains === undefined ? (most * count) / (count + norms[slot]!) : gains[index]!;
    }
  }

  /** Forgets all rows but these, ascending. */
  keepOnly(ids: Float64Array): void {
    let kept = 0;
    for (let slot = 0, index = 0; index < ids.length && slot < this.ids.length; slot++) {
      while (ids[index]! < this.ids[slot]!) index++;
      if (ids[index] !== this.ids[slot]) continue;
      this.ids[kept] = this.ids[slot]!;
      this.values[kept] = this.values[slot]!;
      this.norms[kept++] = this.norms[slot]!;
    }
    this.ids = this.ids.subarray(0, kept);
    this.values = this.values.subarray(0, kept);
    this.norms = this.norms.subarray(0, kept);
  }

  /** The best `limit`, equal ones by id: also such as may differ by less than a billionth of themselves. Scores are finite and not below 0. */
  best(limit: number): WordScores {
    const { ids, values } = this;
    const count = Math.min(limit, ids.length);
    const least = leastOfBest(values, count);
    // A score's lowest bits give way to its place, counted from the end: what is sorted then says where it came from.
    const all = this.#keys.take(values.length);
    const lowHalves = new Uint32Array(all.buffer);
    const placeBits = 2 ** Math.ceil(Math.log2(ids.length + 1)) - 1;
    let kept = 0;
    for (let slot = 0; slot < ids.length; slot++) {
      if (values[slot]! < least) continue;
      all[kept] = values[slot]!;
      lowHalves[2 * kept] = (lowHalves[2 * kept]! & ~placeBits) | (placeBits - slot);
      kept++;
    }
    all.subarray(0, kept).sort();
    const found = { ids: new Float64Array(count), scores: new Float64Array(count) };
    for (let place = 0; place < count; place++) {
      const slot = placeBits - (lowHalves[2 * (kept - 1 - place)]! & placeBits);
      found.ids[place] = ids[slot]!;
      found.scores[place] = values[slot]!;
    }
    return found;
  }

  /** All numbers of the lists, each of which ascends, once. Two at a time: of a pasted text there are a thousand lists. */
  #unionOf(lists: readonly Float64Array[]): Float64Array<ArrayBuffer> {
    let total = 0;
    for (let index = 0; index < lists.length; index++) total += lists[index]!.length;
    let into = this.#ids.take(total);
    let free = this.#otherIds.take(total);
    let round = lists;
    do {
      const next: Float64Array<ArrayBuffer>[] = [];
      for (let index = 0, start = 0; index < round.length; index += 2) {
        const end = merge(round[index]!, round[index + 1] ?? NO_NUMBERS, into, start);
        next.push(into.subarray(start, end));
        start = end;
      }
      round = next;
      [into, free] = [free, into];
    } while (round.length > 1);
    return (round as Float64Array<ArrayBuffer>[])[0] ?? into.subarray(0, 0);
  }
}

const STEPS = 512;
const histogram = new Uint32Array(STEPS + 1);

/** A number that at least `count` values reach, and mostly not many more: of thousands of rows, to sort all takes longer than to add them up. */
function leastOfBest(values: Float64Array, count: number): number {
  if (values.length < 2 * count) return 0;
  let most = 0;
  for (let slot = 0; slot < values.length; slot++) if (values[slot]! > most) most = values[slot]!;
  const stepsOf = STEPS / most;
  if (!Number.isFinite(stepsOf)) return 0;
  histogram.fill(0);
  for (let slot = 0; slot < values.length; slot++) histogram[Math.floor(values[slot]! * stepsOf)]!++;
  let step = STEPS;
  for (let above = 0; step > 0; step--) if ((above += histogram[step]!) >= count) break;
  // One step lower: where a value stands among the steps is rounded.
  return (step - 1) / stepsOf;
}

/** Memory for numbers that grows and stays. */
class Numbers {
  #all = new Float64Array(LEAST_KEPT);

  /** So many, of any value; they hold until the next call. */
  take(count: number): Float64Array<ArrayBuffer> {
    const isTooLarge = this.#all.length > MOST_KEPT && count <= MOST_KEPT;
    if (count > this.#all.length || isTooLarge)
      this.#all = new Float64Array(Math.max(LEAST_KEPT, 2 ** Math.ceil(Math.log2(count))));
    return this.#all.subarray(0, count);
  }
}

/**
 * Writes the numbers of two lists that ascend to `into` from `start` on, each once; returns where they end. Of one type of list:
 * where V8 has met several, each number that it reads may become an object.
 */
function merge(one: Float64Array, other: Float64Array, into: Float64Array, start: number): number {
  let end = start;
  let left = 0;
  let right = 0;
  while (left < one.length && right < other.length) {
    const a = one[left]!;
    const b = other[right]!;
    into[end++] = a < b ? a : b;
    if (a <= b) left++;
    if (b <= a) right++;
  }
  while (left < one.length) into[end++] = one[left++]!;
  while (right < other.length) into[end++] = other[right++]!;
  return end;
}

keepShape(new RowScores());
