import { keepShape } from '../memory/keep-shape.js';
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
    let end = 0;
    for (let index = 0; index < lists.length; index++) end += lists[index]!.length;
    const all = new Float64Array(end);
    for (let index = lists.length - 1; index >= 0; index--)
      all.set(lists[index]!, (end -= lists[index]!.length));
    this.ids = distinct(all.sort());
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

  /** The best first; equal ones by id. */
  best<T>(limit: number, make: (id: number, score: number) => T): T[] {
    const { ids, values } = this;
    // Numbers alone are sorted without a call for each comparison.
    const sorted = Float64Array.from(values).sort();
    const least = sorted[Math.max(0, sorted.length - limit)] ?? 0;
    const rows = Array.from<T>({ length: Math.min(limit, ids.length) });
    const equal = new Uint32Array(rows.length);
    for (let slot = 0; slot < ids.length; slot++) {
      if (values[slot]! < least) continue;
      const better = sorted.length - firstAbove(sorted, values[slot]!);
      const place = better + equal[better]!++;
      if (place < rows.length) rows[place] = make(ids[slot]!, values[slot]!);
    }
    return rows;
  }
}

function distinct(sorted: Float64Array): Float64Array {
  let count = 0;
  for (let at = 0; at < sorted.length; at++)
    if (at === 0 || sorted[at] !== sorted[count - 1]) sorted[count++] = sorted[at]!;
  return sorted.subarray(0, count);
}

/** Index of the first that is above `value`. */
function firstAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  for (let high = sorted.length; low < high;) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

keepShape(new RowScores([]));
