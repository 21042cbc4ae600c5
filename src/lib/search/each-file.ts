/** The first entry of each file. */
export function bestOfEachFile<T>(ranked: readonly T[], fileOf: (entry: T) => number): T[] {
  const seen = new Set<number>();
  return ranked.filter((entry) => !seen.has(fileOf(entry)) && seen.add(fileOf(entry)));
}
