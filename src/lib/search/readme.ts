import type { StoreReader } from '../store/types.js';

const ENDINGS = ['.md', '', '.rst', '.txt', '.adoc', '.rdoc', '.org', '.markdown'];
const NAMES = ['README', 'readme', 'Readme'].flatMap((name) => ENDINGS.map((ending) => name + ending));

const LOWER_NAMES: ReadonlySet<string> = new Set(ENDINGS.map((ending) => `readme${ending}`));

/** Whether a file is the README at the root of the folder. */
export function isReadme(path: string): boolean {
  return LOWER_NAMES.has(path.toLowerCase());
}

/** What a README says of the folder stands in so many chunks, in front of how it is installed and used. */
const CHUNKS = 3;

/** The first chunks of the README at the root of the folder; none where there is no README. */
export function topOfReadme(reader: Pick<StoreReader, 'fileByPath' | 'chunksOfFile'>): number[] {
  for (const name of NAMES) {
    const file = reader.fileByPath(name);
    if (file === undefined) continue;
    const ids: number[] = [];
    for (const { id } of reader.chunksOfFile(file.id)) {
      if (ids.push(id) === CHUNKS) break;
    }
    return ids;
  }
  return [];
}
