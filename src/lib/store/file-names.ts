import { columnsOf } from './list-of.js';
import type { Sqlite } from './sqlite.js';

/** A few hundred kilobytes; what one call asks for beyond that stays until the next one. */
const MOST_KEPT = 2_000;

const SQL = `select json_group_array(f.id), json_group_array(f.path), json_group_array(f.language)
  from json_each(?) wanted cross join files f on f.id = wanted.value`;

export interface FileName {
  readonly path: string;
  readonly language: string;
}

/**
 * Paths and languages of files in one generation. Those that a search meets are kept: the next one meets many of them
 * again, and what is known of a path is looked up sooner by a string that has been looked up before.
 */
export class FileNames {
  readonly #database: Sqlite;
  readonly #known = new Map<number, FileName>();

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** Looks up those that are not known; then `get` has every one of them that is there, until the next call. */
  lookUp(fileIds: readonly number[]): void {
    if (this.#known.size > MOST_KEPT) this.#known.clear();
    const unknown = new Set<number>();
    for (let index = 0; index < fileIds.length; index++)
      if (!this.#known.has(fileIds[index]!)) unknown.add(fileIds[index]!);
    if (unknown.size === 0) return;
    const columns = columnsOf(this.#database, SQL, JSON.stringify([...unknown]));
    const [ids, paths, languages] = columns as [ids: number[], paths: string[], languages: string[]];
    for (let index = 0; index < ids.length; index++)
      this.#known.set(ids[index]!, { path: paths[index]!, language: languages[index]! });
  }

  get(fileId: number): FileName | undefined {
    return this.#known.get(fileId);
  }
}
