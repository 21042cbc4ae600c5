import Database from 'libsql';
import { asUserError, EmbedSearchError } from '../errors.js';

export type SqlValue = string | number | null | Uint8Array;
/** Columns by position: libsql's object rows cost three times as much, and give other types for blobs. */
export type SqlRow = readonly (string | number | null | Buffer)[];

export interface SqliteOptions {
  /** How long a lock of another connection is waited for. */
  readonly busyMilliseconds: number;
  /** Upper bound of the page cache; SQLite's own where left out. */
  readonly cacheBytes?: number;
}

/**
 * One connection. Statements are prepared when they are first used and always run to their end (libsql cannot
 * reset an iterator that was left early, and it would hold its read lock), so whoever reads many rows pages.
 * Errors: INDEX_DAMAGED for a file that is not sound SQLite, NO_SPACE, NO_PERMISSION, MACHINE.
 */
export class Sqlite {
  readonly #database: Database.Database;
  readonly #file: string;
  readonly #statements = new Map<string, Database.Statement>();
  #closed = false;
  #sawDamage = false;

  /** `location` is a path or a `file:` URI; libsql ignores the `readonly` option, the URI's `mode` it does not. */
  constructor(file: string, options: SqliteOptions, location: string = file) {
    this.#file = file;
    this.#database = this.#guard(() => new Database(location, { timeout: options.busyMilliseconds }));
    if (options.cacheBytes !== undefined)
      this.exec(`pragma cache_size = -${Math.ceil(options.cacheBytes / 1024)}`);
  }

  /** Has SQLite said that the file is not sound? Damage to FTS5's own tables does not count: those are made anew. */
  get sawDamage(): boolean {
    return this.#sawDamage;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  get inTransaction(): boolean {
    return !this.#closed && this.#database.inTransaction;
  }

  get(sql: string, ...parameters: SqlValue[]): SqlRow | undefined {
    return this.#guard(() => this.#statement(sql).get(parameters) as SqlRow | undefined);
  }

  all(sql: string, ...parameters: SqlValue[]): SqlRow[] {
    return this.#guard(() => this.#statement(sql).all(parameters) as SqlRow[]);
  }

  /** The number of rows that it changed. */
  run(sql: string, ...parameters: SqlValue[]): number {
    return this.#guard(() => this.#statement(sql).run(parameters).changes);
  }

  /** For an `insert`: the new row's id. Not by `returning`, which makes SQLite open a savepoint for the statement, at
   * which FTS5 writes out what it has collected so far: a segment for each chunk. */
  insert(sql: string, ...parameters: SqlValue[]): number {
    return this.#guard(() => Number(this.#statement(sql).run(parameters).lastInsertRowid));
  }

  /** One or more statements without parameters or results; nothing of them stays prepared. */
  exec(sql: string): void {
    this.#guard(() => this.#database.exec(sql));
  }

  /** Ends the transaction, if one is open: SQLite has ended it already after some errors (a full disk). */
  rollback(): void {
    if (this.inTransaction) this.exec('rollback');
  }

  /** Ends what is open and lets go of the file. The handle itself lives until the statements are collected. */
  close(): void {
    // libsql aborts the process when a closed database is closed again.
    if (this.#closed) return;
    this.rollback();
    this.#closed = true;
    this.#statements.clear();
    this.#database.close();
  }

  #statement(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      if (statement.reader) statement.raw();
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(work: () => T): T {
    // libsql would abort the process.
    if (this.#closed) throw new Error(`${this.#file} has been closed`);
    try {
      return work();
    } catch (error) {
      const thrown = indexError(error, this.#file);
      if (
        thrown instanceof EmbedSearchError &&
        thrown.code === 'INDEX_DAMAGED' &&
        !isDamagedWordTable(thrown)
      )
        this.#sawDamage = true;
      throw thrown;
    }
  }
}

/** SQLITE_CORRUPT_VTAB: the database is sound, but not what FTS5 keeps in it. */
export function isDamagedWordTable(error: unknown): boolean {
  const cause = error instanceof EmbedSearchError ? error.cause : error;
  return (cause as { rawCode?: unknown } | undefined)?.rawCode === 267;
}

export function isBusy(error: unknown): boolean {
  const cause = error instanceof EmbedSearchError ? error.cause : error;
  return (cause as { code?: unknown } | undefined)?.code === 'SQLITE_BUSY';
}

/** SQLite's primary result codes that say something to a user; libsql has no name for most extended ones. */
const RESULT_CODES: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
};

/** SQLITE_IOERR_SHMSIZE: there was no room for the memory that the connections share, a file of 32 KB. */
const NO_SHARED_MEMORY = 4874;

function indexError(error: unknown, file: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = resultCode(error);
  if (code === undefined) return error;
  const cause = Object.assign(error, { code });
  if (code === 'SQLITE_CORRUPT' || code === 'SQLITE_NOTADB')
    return new EmbedSearchError('INDEX_DAMAGED', `${file} is damaged: ${error.message}`, { cause });
  if (code === 'SQLITE_BUSY')
    return new EmbedSearchError('MACHINE', `${file} is held by another process: ${error.message}`, { cause });
  return asUserError(cause, `Cannot use ${file}`);
}

/** When a file cannot be opened, libsql has the number at the end of its message only. */
function resultCode(error: Error): string | undefined {
  const { rawCode } = error as { rawCode?: number };
  const number = rawCode ?? /^ConnectionFailed\(.*: (\d+)"?\)$/su.exec(error.message)?.[1];
  if (number === undefined) return undefined;
  return Number(number) === NO_SHARED_MEMORY ? 'SQLITE_FULL' : RESULT_CODES[Number(number) & 0xff];
}
