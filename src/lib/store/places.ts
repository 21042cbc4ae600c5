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
  const places = listOf<PlaceValues>(database, PLACES_SQL, JSON.stringify(ids));
  const byId = new Map(places.map((place) => [place[0], place]));
  const paths = pathsOf(
    database,
    places.map(([, fileId]) => fileId),
  );
  const found: ChunkPlace[] = [];
  for (const id of ids) {
    const [, fileId, startLine, symbol] = byId.get(id) ?? [];
    const path = fileId === undefined ? undefined : paths.get(fileId);
    if (path === undefined) continue;
    const place = { id, fileId: fileId!, path, startLine: startLine! };
    found.push(typeof symbol === 'string' ? { ...place, symbol } : place);
  }
  return found;
}

/** Paths of files, by id. */
export function pathsOf(database: Sqlite, fileIds: Iterable<number>): Map<number, string> {
  return new Map(listOf<[number, string]>(database, PATHS_SQL, JSON.stringify([...new Set(fileIds)])));
}
