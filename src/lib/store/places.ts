import { inOrderOf } from './chunks.js';
import type { FileNames } from './file-names.js';
import { columnsOf } from './list-of.js';
import type { Sqlite } from './sqlite.js';
import type { ChunkPlace } from './types.js';

const SQL = `select json_group_array(c.id), json_group_array(c.file_id), json_group_array(c.start_line), json_group_array(c.symbol)
  from json_each(?) wanted cross join chunks c on c.id = wanted.value`;

type PlaceColumns = [ids: number[], fileIds: number[], startLines: number[], symbols: (string | null)[]];

/** See StoreReader.places. */
export function placesOf(database: Sqlite, files: FileNames, ids: readonly number[]): ChunkPlace[] {
  const columns = columnsOf(database, SQL, JSON.stringify(ids));
  const [found, fileIds, startLines, symbols] = columns as PlaceColumns;
  files.lookUp(fileIds);
  const places: ChunkPlace[] = [];
  for (let index = 0; index < found.length; index++) {
    const id = found[index]!;
    const fileId = fileIds[index]!;
    const path = files.get(fileId)?.path;
    if (path === undefined) continue;
    const startLine = startLines[index]!;
    const symbol = symbols[index] ?? null;
    places.push(symbol === null ? { id, fileId, path, startLine } : { id, fileId, path, startLine, symbol });
  }
  return inOrderOf(ids, places);
}
