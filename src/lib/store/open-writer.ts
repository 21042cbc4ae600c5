import { existsSync, statSync } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { asUserError, EmbedSearchError } from '../errors.js';
import { syncFolder } from './durable-files.js';
import { adoptShards } from './adopt-shards.js';
import { ChangedBlocks } from './changed-blocks.js';
import { DatabaseBlocks, databaseFile } from './database-blocks.js';
import { fileIsThere } from './file-is-there.js';
import { LocalWriter } from './local-writer.js';
import {
  APPLICATION_ID,
  APPLICATION_ID_AT,
  createTables,
  databaseState,
  migrateDatabase,
  prepareDatabase,
} from './schema.js';
import { onNetwork } from './network-file-system.js';
import {
  damagedBlocks,
  damageSeenByReader,
  type KeptIdentity,
  MENDED_BY,
  readSeal,
  type Seal,
  SEAL_FILE,
  writeSeal,
} from './seal.js';
import { Sqlite, type SqliteOptions } from './sqlite.js';
import type { OpenWriterOptions } from './types.js';
import { takeLock, type WriterLock } from './writer-lock.js';

/** A larger cache makes no run faster that was measured: what is read is read once. */
const OPTIONS: SqliteOptions = { busyMilliseconds: 5000, cacheBytes: 2 * 1024 * 1024 };

/** As shards are called, and what a writer has not finished. */
const SHARD_FOLDER = /^(tmp-)?[0-9a-f]{16}$/;

/** See VectorStore.openWriter. */
export async function openWriter(indexDir: string, options: OpenWriterOptions): Promise<LocalWriter> {
  await makeFolders(indexDir);
  const lock = await takeLock(indexDir, options.wait).catch((error: unknown) => {
    throw onNetwork(error, indexDir);
  });
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
    throw onNetwork(asUserError(error, `Cannot write the index ${indexDir}`), indexDir);
  }
}

async function openUnderLock(
  indexDir: string,
  lock: WriterLock,
  options: OpenWriterOptions,
): Promise<LocalWriter> {
  for (const name of await fs.readdir(indexDir))
    if (isHalfSeal(name)) await fs.rm(path.join(indexDir, name), { force: true });
  const seal = readSeal(indexDir);
  const warnings: string[] = [];
  if (options.isSmall === true) refuseToMend(indexDir, seal);
  else if (options.rebuild !== true && seal !== undefined && isDamaged(indexDir, seal))
    warnings.push(
      await makeDatabaseAnew(
        indexDir,
        seal.kept,
        !seal.damaged && isLost(indexDir, seal) ? 'was missing' : 'was damaged',
      ),
    );
  const changed = new ChangedBlocks(indexDir, options.rebuild === true ? null : (seal?.sums ?? null));
  // Until it is closed, nobody has to compare it with what was there before.
  if (seal === undefined || seal.damaged || seal.sums !== null)
    await writeSeal(indexDir, { sums: null, damaged: false, kept: seal?.kept ?? null });
  // Fault point: seal broken
  const [database, isNew] = await openOrMakeAnew(indexDir, seal?.kept ?? null, options, warnings);
  const isAnother = isNew || warnings.length > 0;
  try {
    return await LocalWriter.open({
      database,
      vectorsDir: path.join(indexDir, 'vectors'),
      lock,
      root: options.root,
      rebuild: options.rebuild === true && !isNew,
      kept: seal?.kept ?? null,
      changed: isAnother ? new ChangedBlocks(indexDir, null) : changed,
      isSmall: options.isSmall === true,
      warnings,
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
  try {
    await fs.mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(folder).isDirectory()) throw error;
    return;
  }
  // Fault point: index folder made
  // An index that is committed must not go with the entry of its folder in a power cut.
  await syncFolder(path.dirname(folder));
}

/** A folder with files that are not an index is somebody's: an index among them would hide them from git, and from being indexed. */
async function refuseForeignFolder(indexDir: string): Promise<void> {
  const names = await fs.readdir(indexDir);
  const ours = new Set([
    '.gitignore',
    'index.db-wal',
    'index.db-shm',
    'index.db-journal',
    'lock',
    'lock-journal',
    'lock.pid',
    'sessions',
    'vectors',
    SEAL_FILE,
  ]);
  const areOurs = names.every((name) => ours.has(name) || name === 'index.db' || isHalfSeal(name));
  if (names.includes('index.db') ? await isOurIndex(indexDir, names, areOurs) : areOurs) return;
  throw new EmbedSearchError('USAGE', `${indexDir} holds other files and no index.`, {
    fix: 'Name a folder for the index alone; it is made if it is not there.',
  });
}

/**
 * Is the index.db in a folder with these names ours? Each that this version has written to has a seal, whatever became of it; older ones
 * have SQLite's mark in their head, unless it stands in the log as yet or is damaged, and nothing but what is ours around them.
 */
async function isOurIndex(indexDir: string, names: readonly string[], areOurs: boolean): Promise<boolean> {
  if (names.includes(SEAL_FILE)) return true;
  const head = new DatabaseBlocks(indexDir).read(0);
  if (head.length >= APPLICATION_ID_AT + 4 && head.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID)
    return true;
  if (!areOurs || !(names.includes('lock') || names.includes('index.db-wal'))) return false;
  const shards = names.includes('vectors') ? await fs.readdir(path.join(indexDir, 'vectors')) : [];
  return shards.every((name) => SHARD_FOLDER.test(name));
}

/** What a writer left that was killed while it sealed. */
function isHalfSeal(name: string): boolean {
  return name.startsWith(`${SEAL_FILE}.`) && name.endsWith('.tmp');
}

function openDatabase(indexDir: string): [database: Sqlite, isNew: boolean] {
  const file = databaseFile(indexDir);
  const database = new Sqlite(file, OPTIONS);
  try {
    // Each commit is on the disk when it returns: see docs/decisions/0004.
    database.exec('pragma synchronous = full');
    const isNew = databaseState(database, file) === 'empty';
    if (isNew) {
      prepareDatabase(database);
      // Fault point: database prepared
      database.exec('begin immediate');
      createTables(database);
      // Fault point: tables made
      database.exec('commit');
      // Fault point: tables committed
    } else migrateDatabase(database);
    return [database, isNew];
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A database that SQLite cannot read at all is made anew too, where it is known what its vectors are of. */
async function openOrMakeAnew(
  indexDir: string,
  kept: KeptIdentity | null,
  { rebuild = false, isSmall = false }: OpenWriterOptions,
  warnings: string[],
): Promise<[database: Sqlite, isNew: boolean]> {
  try {
    return openDatabase(indexDir);
  } catch (error) {
    if (rebuild || isSmall || kept === null || (error as { code?: unknown }).code !== 'INDEX_DAMAGED')
      throw error;
    warnings.push(await makeDatabaseAnew(indexDir, kept, 'was damaged'));
    return openDatabase(indexDir);
  }
}

/** Somebody has removed it, and it is known what vectors there are for it. */
function isLost(indexDir: string, { kept }: Pick<Seal, 'kept'>): boolean {
  return kept !== null && !fileIsThere(databaseFile(indexDir));
}

function isDamaged(indexDir: string, { damaged, sums, kept }: Seal): boolean {
  if (damaged || isLost(indexDir, { kept })) return true;
  return sums !== null && damagedBlocks(indexDir, sums) > 0;
}

/** To make it anew is to read every file again: not for a change of a few. */
function refuseToMend(indexDir: string, seal: Seal | undefined): void {
  const file = databaseFile(indexDir);
  if (!existsSync(file)) throw new EmbedSearchError('INDEX_MISSING', `There is no index in ${indexDir}.`);
  if (seal === undefined || (!seal.damaged && damageSeenByReader(indexDir) === 0)) return;
  throw new EmbedSearchError('INDEX_DAMAGED', `${file} is damaged.`, { fix: MENDED_BY });
}

/**
 * In the place of a damaged or missing database an empty one that names the shards, so that files and words are read again and no
 * vector is lost. It stays marked as damaged until that is committed: a kill in between begins again.
 */
async function makeDatabaseAnew(indexDir: string, kept: KeptIdentity | null, what: string): Promise<string> {
  await writeSeal(indexDir, { sums: null, damaged: true, kept });
  await removeDatabaseFiles(indexDir);
  // Fault point: database removed
  const [database] = openDatabase(indexDir);
  try {
    database.exec('begin immediate');
    const adopted = kept === null ? 0 : adoptShards(database, path.join(indexDir, 'vectors'), kept);
    // Fault point: shards adopted
    database.exec('commit');
    return `${databaseFile(indexDir)} ${what} and is made anew from the files; ${adopted === 1 ? '1 vector was' : `${adopted} vectors were`} kept.`;
  } finally {
    database.close();
  }
}

function isUnreadable(error: unknown): boolean {
  return (
    error instanceof EmbedSearchError &&
    (error.code === 'INDEX_DAMAGED' || error.code === 'INDEX_NEWER_FORMAT')
  );
}

async function removeDatabase(indexDir: string): Promise<void> {
  await removeDatabaseFiles(indexDir);
  await fs.rm(path.join(indexDir, 'vectors'), { recursive: true, force: true });
  await fs.mkdir(path.join(indexDir, 'vectors'), { mode: 0o700 });
}

/** The database goes before its log: SQLite drops a log without a database, and never the other way round. */
async function removeDatabaseFiles(indexDir: string): Promise<void> {
  for (const name of ['index.db', 'index.db-wal', 'index.db-shm'])
    await fs.rm(path.join(indexDir, name), { force: true });
}
