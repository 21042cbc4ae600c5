import { existsSync, statSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { asUserError, EmbedSearchError } from '../errors.js';
import { LocalWriter } from './local-writer.js';
import { createTables, databaseState, prepareDatabase } from './schema.js';
import { Sqlite, type SqliteOptions } from './sqlite.js';
import { WriterLock } from './writer-lock.js';

const OPTIONS: SqliteOptions = { busyMilliseconds: 5000, cacheBytes: 4 * 1024 * 1024 };

/** See VectorStore.openWriter. */
export async function openWriter(
  indexDir: string,
  options: { root: string; rebuild?: boolean },
): Promise<LocalWriter> {
  await makeFolders(indexDir);
  const lock = new WriterLock(indexDir);
  try {
    try {
      return await openUnderLock(indexDir, lock, options);
    } catch (error) {
      if (options.rebuild !== true || !isUnreadable(error)) throw error;
      await removeDatabase(indexDir);
      return await openUnderLock(indexDir, lock, options);
    }
  } catch (error) {
    lock.release();
    throw asUserError(error, `Cannot write the index ${indexDir}`);
  }
}

async function openUnderLock(
  indexDir: string,
  lock: WriterLock,
  options: { root: string; rebuild?: boolean },
): Promise<LocalWriter> {
  const [database, isNew] = openDatabase(indexDir);
  try {
    return await LocalWriter.open({
      database,
      vectorsDir: path.join(indexDir, 'vectors'),
      lock,
      root: options.root,
      rebuild: options.rebuild === true && !isNew,
    });
  } catch (error) {
    database.close();
    throw error;
  }
}

async function makeFolders(indexDir: string): Promise<void> {
  try {
    await makeFolderAndParents(path.dirname(indexDir));
    await makeFolder(indexDir);
    await refuseForeignFolder(indexDir);
    await makeFolder(path.join(indexDir, 'vectors'));
    await fs.writeFile(path.join(indexDir, '.gitignore'), '*\n', { flag: 'wx' }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  } catch (error) {
    throw asUserError(error, `Cannot make the index folder ${indexDir}`);
  }
}

/** One by one: Node's `recursive` never returns where the system says ENOENT of a parent that is there (/proc). */
async function makeFolderAndParents(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolderAndParents(path.dirname(folder));
  await makeFolder(folder);
}

async function makeFolder(folder: string): Promise<void> {
  await fs.mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(folder).isDirectory()) throw error;
  });
}

/** A folder with files that are not an index is somebody's: an index among them would hide them from git, and from being indexed. */
async function refuseForeignFolder(indexDir: string): Promise<void> {
  const names = await fs.readdir(indexDir);
  const ours = new Set(['.gitignore', 'index.db-wal', 'index.db-shm', 'lock', 'lock.pid', 'vectors']);
  if (names.includes('index.db') || names.every((name) => ours.has(name))) return;
  throw new EmbedSearchError('USAGE', `${indexDir} holds other files and no index.`, {
    fix: 'Name a folder for the index alone; it is made if it is not there.',
  });
}

function openDatabase(indexDir: string): [database: Sqlite, isNew: boolean] {
  const file = path.join(indexDir, 'index.db');
  const database = new Sqlite(file, OPTIONS);
  try {
    // Each commit is on the disk when it returns: see docs/decisions/0004.
    database.exec('pragma synchronous = full');
    const isNew = databaseState(database, file) === 'empty';
    if (isNew) {
      prepareDatabase(database);
      database.exec('begin immediate');
      createTables(database);
      database.exec('commit');
    }
    return [database, isNew];
  } catch (error) {
    database.close();
    throw error;
  }
}

function isUnreadable(error: unknown): boolean {
  return (
    error instanceof EmbedSearchError &&
    (error.code === 'INDEX_DAMAGED' || error.code === 'INDEX_NEWER_FORMAT')
  );
}

/** The database goes before its log: SQLite drops a log without a database, and never the other way round. */
async function removeDatabase(indexDir: string): Promise<void> {
  for (const name of ['index.db', 'index.db-wal', 'index.db-shm'])
    await fs.rm(path.join(indexDir, name), { force: true });
  await fs.rm(path.join(indexDir, 'vectors'), { recursive: true, force: true });
  await fs.mkdir(path.join(indexDir, 'vectors'), { mode: 0o700 });
}
