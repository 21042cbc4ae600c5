import { closeSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { EmbedSearchError } from '../errors.js';

/**
 * One process at a time fetches a file. Gives the function that ends the lock; a lock whose process is gone is taken
 * over. Errors: DOWNLOAD_RUNNING.
 */
export function lockPull(target: string): () => void {
  const lock = `${target}.part.lock`;
  for (;;) {
    if (create(lock)) return () => rmSync(lock, { force: true });
    const holder = holderOf(lock);
    if (holder === undefined) continue; // it has just ended
    if (isAlive(holder)) {
      throw new EmbedSearchError('DOWNLOAD_RUNNING', `Process ${holder} is fetching ${target} already.`);
    }
    takeAway(lock, holder);
  }
}

function create(lock: string): boolean {
  try {
    // Written first and linked then: a lock never exists without its holder's number.
    const own = `${lock}.${process.pid}`;
    const descriptor = openSync(own, 'w');
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    try {
      linkSync(own, lock);
      return true;
    } finally {
      rmSync(own, { force: true });
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Of several processes that find the same dead lock one moves it away; what was not the dead one's is put back. */
function takeAway(lock: string, dead: number): void {
  const aside = `${lock}.${process.pid}.dead`;
  try {
    renameSync(lock, aside);
    if (holderOf(aside) !== dead) linkSync(aside, lock);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Undefined where there is no lock; what cannot be read is another user's. */
function holderOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
