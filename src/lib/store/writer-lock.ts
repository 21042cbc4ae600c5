import fs from 'node:fs';
import path from 'node:path';
import { asUserError, EmbedSearchError } from '../errors.js';
import { isBusy, Sqlite } from './sqlite.js';

/**
 * The one writer's lock: a SQLite file in an exclusive transaction, so the system lets go of it when the process
 * ends, however it ends. Who holds it stands in a file beside it, for the message only.
 */
export class WriterLock {
  readonly #database: Sqlite;
  readonly #holder: string;

  /** Errors: INDEX_LOCKED, NO_PERMISSION, NO_SPACE. */
  constructor(indexDir: string) {
    this.#holder = path.join(indexDir, 'lock.pid');
    this.#database = new Sqlite(path.join(indexDir, 'lock'), { busyMilliseconds: 0 });
    try {
      this.#database.exec('begin exclusive');
      fs.writeFileSync(this.#holder, `${process.pid}\n`, { mode: 0o600 });
    } catch (error) {
      if (!isBusy(error)) {
        this.release();
        throw asUserError(error, `Cannot lock the index ${indexDir}`);
      }
      this.#database.close();
      throw new EmbedSearchError(
        'INDEX_LOCKED',
        `The index ${indexDir} is being written by ${this.#holderName()}.`,
        {
          cause: error,
        },
      );
    }
  }

  release(): void {
    fs.rmSync(this.#holder, { force: true });
    this.#database.close();
  }

  #holderName(): string {
    try {
      return `process ${fs.readFileSync(this.#holder, 'utf8').trim()}`;
    } catch {
      return 'another process';
    }
  }
}

/** Is a writer at work, as far as its note tells? */
export function isHeld(indexDir: string): boolean {
  try {
    const pid = Number(fs.readFileSync(path.join(indexDir, 'lock.pid'), 'utf8'));
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
