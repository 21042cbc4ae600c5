import { keepShape } from '../memory/keep-shape.js';
import type { WordScores } from './types.js';

/** Rows with a term, ascending: how often it stands in each, once where that is not said; or what each gains by it, which then is all that counts. */
export interface TermGains {
  readonly ids: ArrayLike<number>;
  readonly counts?: ArrayLike<number> | undefined;
  readonly gains?: ArrayLike<number> | undefined;
}

/**
 * Scores of rows that come in lists, ascending by id. In arrays of numbers alone: a map of thousands of rows is garbage by
 * the next query, and to collect it took a fifth of the time.
 */
export class RowScores {
  /** Of all lists, ascending, each once. */
  readonly ids: Float64Array;
  /** By the place of its id, from 0 on. */
  readonly values: Float64Array;

  constructor(lists: readonly ArrayLike<number>[]) {
    this.ids = unionOf(lists);
    this.values = new Float64Array(this.ids.length);
  }

  /**
   * Adds to the rows that are here what a term gives them: `most`, the more of it the more often it stands there against the
   * row's norm; or its gains.
   */
  add({ ids, counts, gains }: TermGains, most: number, norms: Float64Array): void {
    const { ids: own, values } = this;
    for (let slot = 0, index = 0; index < ids.length && slot < own.length; index++) {
      const id = ids[index]!;
      while (slot < own.length && own[slot]! < id) slot++;
      if (slot === own.length || own[slot] !== id) continue;
      const count = counts === undefined ? 1 : counts[index]!;
      values[slot]! += gains === undefined ? (most * count) / (count + norms[slot]!) : gains[index]!;
    }
  }

  /** The scores of these rows alone, ascending. */
  only(ids: readonly number[]): RowScores {
    const some = new RowScores([ids]);
    for (let slot = 0, index = 0; index < some.ids.length; index++) {
      while (this.ids[slot]! < some.ids[index]!) slot++;
      some.values[index] = this.values[slot]!;
    }
    return some;
  }

  /** The best `limit`, equal ones by id: also such as may differ by less than a billionth of themselves. Scores are finite and not below 0. */
  best(limit: number): WordScores {
    const { ids, values } = this;
    // A score's lowest bits give way to its place, counted from the end: what is sorted then says where it came from.
    const keys = Float64Array.from(values);
    const lowHalves = new Uint32Array(keys.buffer);
    const placeBits = 2 ** Math.ceil(Math.log2(ids.length + 1)) - 1;
    for (let slot = 0; slot < ids.length; slot++)
      lowHalves[2 * slot] = (lowHalves[2 * slot]! & ~placeBits) | (placeBits - slot);
    keys.sort();
    const best = Math.min(limit, ids.length);
    const found = { ids: new Float64Array(best), scores: new Float64Array(best) };
    for (let place = 0; place < best; place++) {
      const slot = placeBits - (lowHalves[2 * (ids.length - 1 - place)]! & placeBits);
      found.ids[place] = ids[slot]!;
      found.scores[place] = values[slot]!;
    }
    return found;
  }
}

/** All numbers of the lists, each of which ascends, once. Two at a time: of a pasted text there are a thousand lists. */
function unionOf(lists: readonly ArrayLike<number>[]): Float64Array {
  let round: ArrayLike<number>[] = [...lists];
  while (round.length > 1) {
    const next: ArrayLike<number>[] = [];
    for (let index = 0; index + 1 < round.length; index += 2)
      next.push(merged(round[index]!, round[index + 1]!));
    if (round.length % 2 === 1) next.push(round.at(-1)!);
    round = next;
  }
  return Float64Array.from(round[0] ?? []);
}

function merged(one: ArrayLike<number>, other: ArrayLike<number>): Float64Array {
  const into = new Float64Array(one.length + other.length);
  let count = 0;
  let left = 0;
  let right = 0;
  while (left < one.length && right < other.length) {
    const [a, b] = [one[left]!, other[right]!];
    into[count++] = a < b ? a : b;
    if (a <= b) left++;
    if (b <= a) right++;
  }
  while (left < one.length) into[count++] = one[left++]!;
  while (right < other.length) into[count++] = other[right++]!;
  return into.subarray(0, count);
}

keepShape(new RowScores([]));
