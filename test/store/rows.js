/**
 * What a search by words found, the best first, as rows: `{ id, score }`.
 *
 * @param {import('#dist/lib/store/types.js').WordScores} found
 */
export function rowsOf({ ids, scores }) {
  return Array.from(ids, (id, place) => ({ id, score: scores[place] ?? Number.NaN }));
}
