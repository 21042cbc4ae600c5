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
  const fileIds = new Set<number>();
  for (let index = 0; index < values.length; index++) fileIds.add(values[index]![1]);
  const paths = pathsOf(database, fileIds);
  const places: ChunkPlace[] = [];
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!;
    const id = value[0];
    const fileId = value[1];
    const path = paths.get(fileId);
    if (path === undefined) continue;
    const startLine = value[2];
    const symbol = value[3];
    places.push(symbol === null ? { id, fileId, path, startLine } : { id, fileId, path, startLine, symbol });
  }
  return inOrderOf(ids, places);
}

/** Paths of files, by id. */
export function pathsOf(database: Sqlite, fileIds: ReadonlySet<number>): Map<number, string> {
  const values = listOf<[id: number, path: string]>(database, PATHS_SQL, JSON.stringify([...fileIds]));
  const paths = new Map<number, string>();
  for (let index = 0; index < values.length; index++) paths.set(values[index]![0], values[index]![1]);
  return paths;
}
