import { FILE_COLUMNS, fileOfRow, problemOfRow } from './rows.js';
import { listOf } from './list-of.js';
import { metaValue, PENDING, QUARANTINED } from './schema.js';
import type { Sqlite, SqlRow, SqlValue } from './sqlite.js';
import type { KnownFile, LeftOutFile, PathRange, Problem, StoreCounts, StoredFile } from './types.js';

/** Few, since each blob of a page is memory of its own until the garbage is collected. */
const ROWS_PER_PAGE = 100;

/** Rows without blobs are small. */
const PATHS_PER_PAGE = 500;

/**
 * Rows in pages, the first column of the last one being where the next page starts: nothing stays open between
 * two rows, so the caller may write, or stop, in the middle. `sql` ends in two parameters: after, limit.
 */
export function* paged(
  database: Sqlite,
  sql: string,
  first: SqlValue,
  ...parameters: SqlValue[]
): Iterable<SqlRow> {
  for (let after: SqlValue = first; ;) {
    const page = database.all(sql, ...parameters, after, ROWS_PER_PAGE);
    yield* page;
    if (page.length < ROWS_PER_PAGE) return;
    after = page.at(-1)![0] as SqlValue;
  }
}

export function* allFiles(database: Sqlite): Iterable<StoredFile> {
  const rows = paged(database, `select ${FILE_COLUMNS} from files where id > ? order by id limit ?`, 0);
  for (const row of rows) yield fileOfRow(row);
}

/** In order of path; a page starts behind the last path of the one before. */
export function* knownFiles(database: Sqlite, { from, to }: PathRange): Iterable<KnownFile> {
  for (const row of inRange(database, 'path, size, mtime_ms, inode', 'files', from, to)) {
    const [path, size, mtimeMs, inode] = row as readonly [string, number, number, number];
    yield { path, size, mtimeMs, inode };
  }
}

export function* leftOut(database: Sqlite, { from, to }: PathRange): Iterable<LeftOutFile> {
  // Not by name: an index that no run has written to since they came has no columns for the stat.
  for (const row of inRange(database, '*', 'file_problems', from, to)) {
    const [path, reason, detail, size, mtimeMs, inode] = row;
    yield {
      path: path as string,
      reason: reason as string,
      ...(typeof detail === 'string' ? { detail } : {}),
      ...(typeof size === 'number'
        ? { stat: { size, mtimeMs: mtimeMs as number, inode: inode as number } }
        : {}),
    };
  }
}

function* inRange(
  database: Sqlite,
  columns: string,
  table: string,
  from: string,
  to: string,
): Iterable<SqlRow> {
  const rest = `and path < ? order by path limit ${PATHS_PER_PAGE}`;
  let page = database.all(`select ${columns} from ${table} where path >= ? ${rest}`, from, to);
  for (;;) {
    yield* page;
    if (page.length < PATHS_PER_PAGE) return;
    page = database.all(
      `select ${columns} from ${table} where path > ? ${rest}`,
      page.at(-1)![0] as string,
      to,
    );
  }
}

export function fileByPath(database: Sqlite, path: string): StoredFile | undefined {
  const row = database.get(`select ${FILE_COLUMNS} from files where path = ?`, path);
  return row && fileOfRow(row);
}

export function* allProblems(database: Sqlite): Iterable<Problem> {
  const ofFiles = 'select path, reason, detail from file_problems where path > ? order by path limit ?';
  for (const row of paged(database, ofFiles, '')) yield problemOfRow(row);
  const ofChunks = `select c.id, f.path, e.problem, null, c.start_line, c.end_line
    from embeddings e join chunks c on c.embedding_id = e.id join files f on f.id = c.file_id
    where e.state = ${QUARANTINED} and c.id > ? order by c.id limit ?`;
  for (const row of paged(database, ofChunks, 0)) yield problemOfRow(row.slice(1));
}

export function storeCounts(database: Sqlite): StoreCounts {
  const chunks = metaValue(database, 'chunks') as number;
  const without = database.get(
    `select (select coalesce(sum(uses), 0) from embeddings where state = ${PENDING})
          + (select coalesce(sum(uses), 0) from embeddings where state = ${QUARANTINED})`,
  )!;
  return {
    files: metaValue(database, 'files') as number,
    chunks,
    withVectors: chunks - (without[0] as number),
  };
}

/** A value that was stored as JSON, or null. */
export function metaObject(database: Sqlite, key: string): unknown {
  const value = metaValue(database, key);
  return value === undefined ? null : JSON.parse(value as string);
}

/** See StoreReader.sampleLanguages. */
export function languagesOfSample(database: Sqlite, most: number): string[] {
  const sql = 'select json_group_array(language) from';
  if ((metaValue(database, 'files') as number) <= most) return listOf<string>(database, `${sql} files`);
  const [first, last] = database.get('select (select min(id) from files), (select max(id) from files)') as [
    number,
    number,
  ];
  const wanted = Array.from(
    { length: most },
    (_, index) => first + Math.floor((index * (last - first)) / most),
  );
  return listOf<string>(
    database,
    `${sql} (select language from json_each(?) wanted cross join files f on f.id = (select min(id) from files where id >= wanted.value))`,
    JSON.stringify(wanted),
  );
}
