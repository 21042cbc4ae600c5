import { setBit } from './bitmap.js';
import { ROWS_PER_LOCATION } from './schema.js';
import type { Sqlite } from './sqlite.js';

/**
 * Which rows of the shards belong to a chunk, kept with each shard so that a search passes over the others without
 * asking for each. Changes are collected and written once, at the end of the transaction that makes them.
 */
export class LiveRows {
  readonly #database: Sqlite;
  readonly #changed = new Map<number, Buffer>();

  constructor(database: Sqlite) {
    this.#database = database;
  }

  set(location: number, live: boolean): void {
    const shard = Math.floor(location / ROWS_PER_LOCATION);
    let bitmap = this.#changed.get(shard);
    if (bitmap === undefined) {
      bitmap = this.#database.get('select live from shards where id = ?', shard)![0] as Buffer;
      this.#changed.set(shard, bitmap);
    }
    setBit(bitmap, location % ROWS_PER_LOCATION, live);
  }

  write(): void {
    for (const [shard, bitmap] of this.#changed)
      this.#database.run('update shards set live = ? where id = ?', bitmap, shard);
    this.#changed.clear();
  }

  discard(): void {
    this.#changed.clear();
  }
}
