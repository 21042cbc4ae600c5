import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { asUserError, EmbedSearchError } from '../errors.js';
import { isBusy, Sqlite } from './sqlite.js';

/** How long a writer waits for another one to end. */
export interface LockWait {
  /** Infinity: as long as it takes. */
  readonly milliseconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once, when there is something to wait for, with who holds the lock ("process 123"). */
  readonly onHeld?: ((holder: string) => void) | undefined;
}

/** The system tells nobody when a lock is let go: it is tried for again this often. */
const TRY_EVERY_MILLISECONDS = 200;

/** Errors: INDEX_LOCKED after the wait, NO_PERMISSION, NO_SPACE, and the signal's reason. */
export async function takeLock(indexDir: string, wait?: LockWait): Promise<WriterLock> {
  const end = performance.now() + (wait?.milliseconds ?? 0);
  for (let isFirst = true; ; isFirst = false) {
    try {
      return new WriterLock(indexDir);
    } catch (error) {
      const left = end - performance.now();
      if (!(error instanceof EmbedSearchError) || error.code !== 'INDEX_LOCKED' || left <= 0) throw error;
      if (isFirst) wait?.onHeld?.(holderOf(indexDir));
      const pause = Math.min(TRY_EVERY_MILLISECONDS, left);
      await delay(pause, undefined, { signal: wait?.signal }).catch(() => {});
      wait?.signal?.throwIfAborted();
    }
  }
}

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
      // Fault point: lock taken
      fs.writeFileSync(this.#holder, `${process.pid}\n`, { mode: 0o600 });
    } catch (error) {
      if (!isBusy(error)) {
        this.release();
        throw asUserError(error, `Cannot lock the index ${indexDir}`);
      }
      this.#database.close();
      throw new EmbedSearchError(
        'INDEX_LOCKED',
        `The index ${indexDir} is being written by ${holderOf(indexDir)}.`,
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
}

function holderOf(indexDir: string): string {
  try {
    return `process ${fs.readFileSync(path.join(indexDir, 'lock.pid'), 'utf8').trim()}`;
  } catch {
    return 'another process';
  }
}

/** The process that writes, as far as its note tells, or null. */
export function writerOf(indexDir: string): number | null {
  try {
    const pid = Number(fs.readFileSync(path.join(indexDir, 'lock.pid'), 'utf8'));
    return pid > 0 && isAlive(pid) ? pid : null;
  } catch {
    return null; // no note, no writer
  }
}

/** Is a writer at work, as far as its note tells? */
export function isHeld(indexDir: string): boolean {
  return writerOf(indexDir) !== null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
