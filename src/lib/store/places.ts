import { inOrderOf } from './chunks.js';
import { columnsOf } from './list-of.js';
import type { Sqlite } from './sqlite.js';
import type { ChunkPlace } from './types.js';

const PLACES_SQL = `select json_group_array(c.id), json_group_array(c.file_id), json_group_array(c.start_line), json_group_array(c.symbol)
  from json_each(?) wanted cross join chunks c on c.id = wanted.value`;
const PATHS_SQL = `select json_group_array(f.id), json_group_array(f.path)
  from json_each(?) wanted cross join files f on f.id = wanted.value`;

type PlaceColumns = [ids: number[], fileIds: number[], startLines: number[], symbols: (string | null)[]];

/** See StoreReader.places. */
export function placesOf(database: Sqlite, ids: readonly number[]): ChunkPlace[] {
  const columns = columnsOf(database, PLACES_SQL, JSON.stringify(ids));
  const [found, fileIds, startLines, symbols] = columns as PlaceColumns;
  const paths = pathsOf(database, new Set(fileIds));
  const places: ChunkPlace[] = [];
  for (let index = 0; index < found.length; index++) {
    const id = found[index]!;
    const fileId = fileIds[index]!;
    const path = paths.get(fileId);
    if (path === undefined) continue;
    const startLine = startLines[index]!;
    const symbol = symbols[index] ?? null;
    places.push(symbol === null ? { id, fileId, path, startLine } : { id, fileId, path, startLine, symbol });
  }
  return inOrderOf(ids, places);
}

/** Paths of files, by id. */
export function pathsOf(database: Sqlite, fileIds: ReadonlySet<number>): Map<number, string> {
  const columns = columnsOf(database, PATHS_SQL, JSON.stringify([...fileIds]));
  const [ids, found] = columns as [ids: number[], paths: string[]];
  const paths = new Map<number, string>();
  for (let index = 0; index < ids.length; index++) paths.set(ids[index]!, found[index]!);
  return paths;
}
