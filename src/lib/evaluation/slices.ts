import type { EvaluationQuery } from './read-set.js';

/** Queries that have something in common. */
export interface Slice {
  readonly name: string;
  /** Positions of its queries. */
  readonly queries: readonly number[];
}

const MOST_VALUES = 30;

/**
 * All queries, every second one from the first and from the second on (to tune on one half and report the other), and
 * for each field of their metadata with few values those of each value.
 */
export function slicesOf(queries: readonly EvaluationQuery[]): Slice[] {
  const positions = queries.map((_, position) => position);
  const slices: Slice[] = [
    { name: 'all', queries: positions },
    { name: 'half=even', queries: positions.filter((position) => position % 2 === 0) },
    { name: 'half=odd', queries: positions.filter((position) => position % 2 === 1) },
  ];
  for (const field of new Set(queries.flatMap(({ metadata }) => Object.keys(metadata)))) {
    const byValue = new Map<string, number[]>();
    for (const [position, { metadata }] of queries.entries()) {
      const value = metadata[field];
      if (typeof value !== 'string' && typeof value !== 'boolean' && typeof value !== 'number') continue;
      const list = byValue.get(String(value)) ?? [];
      list.push(position);
      byValue.set(String(value), list);
    }
    if (byValue.size < 2 || byValue.size > MOST_VALUES) continue;
    for (const [value, list] of [...byValue].toSorted(([one], [other]) => (one < other ? -1 : 1)))
      slices.push({ name: `${field}=${value}`, queries: list });
  }
  return slices;
}
