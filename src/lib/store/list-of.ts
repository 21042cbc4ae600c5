import type { Sqlite, SqlValue } from './sqlite.js';

/**
 * What a query gives as one list: its one value is `json_group_array(json_array(...))`. To bring a row over from SQLite
 * takes longer than to find it; numbers come with 15 digits. In no order.
 */
export function listOf<T>(database: Sqlite, sql: string, ...parameters: SqlValue[]): T[] {
  return JSON.parse(database.get(sql, ...parameters)![0] as string) as T[];
}

/**
 * The columns of what a query gives, each `json_group_array(column)`: for rows that are looked up by the hundred in each search
 * quicker than a list of rows, and without an object for each that is garbage at once.
 */
export function columnsOf(database: Sqlite, sql: string, ...parameters: SqlValue[]): unknown[][] {
  return database.get(sql, ...parameters)!.map((column) => JSON.parse(column as string) as unknown[]);
}
