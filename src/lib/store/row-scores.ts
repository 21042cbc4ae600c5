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
    const all = new Float64Array(lists.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const list of lists) {
      all.set(list, end);
      end += list.length;
    }
    this.ids = distinct(all.sort());
    this.values = new Float64Array(this.ids.length);
  }

  /** Visits those of `ids`, ascending, that are here: where they stand here, and there. */
  visit(ids: ArrayLike<number>, visitor: (slot: number, index: number) => void): void {
    for (let slot = 0, index = 0; index < ids.length && slot < this.ids.length; index++) {
      const id = ids[index]!;
      while (slot < this.ids.length && this.ids[slot]! < id) slot++;
      if (this.ids[slot] === id) visitor(slot, index);
    }
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
