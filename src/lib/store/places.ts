import { inOrderOf } from './chunks.js';
import { listOf } from './list-of.js';
import type { Sqlite } from './sqlite.js';
import type { ChunkPlace } from './types.js';

const PLACES_SQL = `select json_group_array(json_array(c.id, c.file_id, c.start_line, c.symbol))
  from json_each(?) wanted cross join chunks c on c.id = wanted.value`;
const PATHS_SQL = `select json_group_array(json_array(f.id, f.path))
  from json_each(?) wanted cross join files f on f.id = wanted.value`;

type PlaceValues = [id: number, fileId: number, startLine: number, symbol: string | null];

/** See StoreReader.places. */
export function placesOf(database: Sqlite, ids: readonly number[]): ChunkPlace[] {
  const values = listOf<PlaceValues>(database, PLACES_SQL, JSON.stringify(ids));
  const paths = pathsOf(
    database,
    values.map(([, fileId]) => fileId),
  );
  const places: ChunkPlace[] = [];
  for (const [id, fileId, startLine, symbol] of values) {
    const path = paths.get(fileId);
    if (path === undefined) continue;
    places.push(symbol === null ? { id, fileId, path, startLine } : { id, fileId, path, startLine, symbol });
  }
  return inOrderOf(ids, places);
}

/** Paths of files, by id. */
export function pathsOf(database: Sqlite, fileIds: Iterable<number>): Map<number, string> {
  return new Map(listOf<[number, string]>(database, PATHS_SQL, JSON.stringify([...new Set(fileIds)])));
}
