import type { Sqlite, SqlValue } from './sqlite.js';

/**
 * What a query gives as one list: its one value is `json_group_array(json_array(...))`. To bring a row over from SQLite
 * takes longer than to find it; numbers come with 15 digits. In no order.
 */
export function listOf<T>(database: Sqlite, sql: string, ...parameters: SqlValue[]): T[] {
  return JSON.parse(database.get(sql, ...parameters)![0] as string) as T[];
}
