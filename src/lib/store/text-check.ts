import { isUtf8 } from 'node:buffer';
import { paged } from './queries.js';
import type { Sqlite } from './sqlite.js';

/** The columns of text that are read, by the column that orders their rows and the value before the first. */
const TEXTS: readonly [table: string, order: string, before: string | number, columns: readonly string[]][] =
  [
    ['meta', 'key', '', ['key', 'value']],
    ['files', 'id', 0, ['path', 'language']],
    ['chunks', 'id', 0, ['symbol']],
    ['shards', 'id', 0, ['folder']],
    ['embeddings', 'id', 0, ['problem']],
    ['file_problems', 'path', '', ['path', 'reason', 'detail']],
  ];

/**
 * Is every text of the database UTF-8? libsql ends the whole process when it meets one that is not, so this is asked of a
 * database that is known to be damaged, before anything else is read from it. Reads the texts as bytes.
 */
export function textsAreUtf8(database: Sqlite): boolean {
  return TEXTS.every(([table, order, before, columns]) => {
    const bytes = columns.map((column) => `cast(${column} as blob)`).join(', ');
    const cursor = typeof before === 'string' ? `cast(${order} as blob)` : order;
    const first = typeof before === 'string' ? Buffer.alloc(0) : before;
    const sql = `select ${cursor}, ${bytes} from ${table} where ${cursor} > ? order by ${cursor} limit ?`;
    for (const [, ...texts] of paged(database, sql, first))
      if (texts.some((text) => Buffer.isBuffer(text) && !isUtf8(text))) return false;
    return true;
  });
}
