import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { EmbedSearchError } from '../errors.js';
import { bytesOnDisk } from './bytes-on-disk.js';
import { databaseFile } from './database-blocks.js';
import { FileFilter } from './filter.js';
import {
  allFiles,
  allProblems,
  fileByPath,
  knownFiles,
  languagesOfSample,
  leftOut,
  metaObject,
  paged,
  storeCounts,
} from './queries.js';
import { chunksOf } from './chunks.js';
import { FileNames } from './file-names.js';
import { placesOf } from './places.js';
import { CHUNK_COLUMNS, CHUNK_JOINS, chunkOfRow } from './rows.js';
import { databaseState, metaValue } from './schema.js';
import { asDamage, damageSeenByReader } from './seal.js';
import { SealScan } from './seal-scan.js';
import { shardIsSound } from './shard-check.js';
import { ReadBuffer } from './shard-file.js';
import { Sqlite } from './sqlite.js';
import type { ReadMemory } from './read-memory.js';
import { textsAreUtf8 } from './text-check.js';
import { VectorSearch, vectorOfBlob } from './vector-search.js';
import { isHeld } from './writer-lock.js';
import { WordSearch } from './word-search.js';
import type {
  ChunkPlace,
  ChunkScore,
  IndexIdentity,
  KnownFile,
  LeftOutFile,
  LookNote,
  ModelFileNote,
  PathRange,
  Problem,
  RunNote,
  Soundness,
  StoreBytes,
  StoreCounts,
  StoredChunk,
  StoredFile,
  StoreReader,
  VectorSearchOptions,
  WordScores,
  WordSearchOptions,
} from './types.js';

const MB = 1024 * 1024;
/** More makes a search no quicker: the system has the pages, and what is read again and again is kept in memory of our own. */
const CACHE_BYTES = MB / 2;
const BUSY_MILLISECONDS = 5000;
/** A database of up to so many bytes is held against its checksums before it is read: 30 ms, where nobody touched it. */
const COMPARED_AT_ONCE = 64 * MB;

/** The connection that a reader reads through, and the reader of the next generation after it. */
interface Connection {
  readonly indexDir: string;
  readonly database: Sqlite;
  /** Of the database file when it was opened: SQLite goes on reading one that was removed or replaced. */
  readonly inode: number | undefined;
  /** Without SQLite's shared memory a change of the file goes unseen. */
  readonly immutable: boolean;
  readonly memory: ReadMemory;
  readonly scan: SealScan;
}

/**
 * A generation, held by a read transaction: SQLite keeps its pages in the write-ahead log, and a writer removes a
 * shard only when no such transaction can name it (see sweep.ts).
 */
export class LocalReader implements StoreReader {
  readonly generation: number;
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
  readonly root: string;
  readonly lastRun: RunNote | null;
  readonly #connection: Connection;
  readonly #database: Sqlite;
  /** Another number after any commit. */
  readonly #dataVersion: number;
  /** Blocks of index.db, as far as it was compared with its seal. */
  #damaged = 0;
  readonly #files: FileNames;
  readonly #filter: FileFilter;
  readonly #vectors: VectorSearch;
  readonly #chunkWords: WordSearch;
  readonly #fileWords: WordSearch;
  #isPaused = false;

  /** `scan`: of the same file, by a reader before this one. */
  static open(indexDir: string, memory: ReadMemory, scan?: SealScan): LocalReader {
    const connection = connect(indexDir, memory, scan ?? new SealScan(indexDir));
    try {
      if (scan === undefined) connection.scan.readIfSmall(COMPARED_AT_ONCE);
      return new LocalReader(connection);
    } catch (error) {
      connection.database.close();
      throw asDamage(error, indexDir);
    }
  }

  /** In the read transaction that has begun. */
  private constructor(connection: Connection) {
    const { indexDir, database, memory } = connection;
    this.#connection = connection;
    this.#database = database;
    this.#dataVersion = dataVersion(database);
    if (databaseState(database, databaseFile(indexDir)) === 'empty') throw missing(indexDir);
    this.#damaged = damageSeenByReader(indexDir) || connection.scan.damaged;
    if (this.#damaged > 0 && !textsAreUtf8(database))
      throw new EmbedSearchError('INDEX_DAMAGED', `${databaseFile(indexDir)} is damaged.`);
    this.generation = metaValue(database, 'generation') as number;
    this.identity = metaObject(database, 'identity') as IndexIdentity | null;
    this.modelFile = metaObject(database, 'modelFile') as ModelFileNote | null;
    this.root = metaValue(database, 'root') as string;
    this.lastRun = lastRunOf(metaObject(database, 'lastRun') as RunNote | null, indexDir);
    this.#files = new FileNames(database);
    this.#filter = new FileFilter(database);
    this.#chunkWords = new WordSearch(database, 'chunk_words', this.#filter, memory);
    this.#fileWords = new WordSearch(database, 'file_words', this.#filter, memory);
    this.#vectors = new VectorSearch(database, path.join(indexDir, 'vectors'), this.#filter, memory);
  }

  pause(): void {
    this.#database.rollback();
    this.#isPaused = true;
  }

  resume(): StoreReader {
    if (!this.#isPaused) return this;
    const { indexDir, database, inode, immutable, memory, scan } = this.#connection;
    const isSame = inodeOf(databaseFile(indexDir)) === inode;
    if (immutable || database.isClosed || !isSame) {
      database.close();
      return LocalReader.open(indexDir, memory, isSame ? scan : undefined);
    }
    try {
      beginReading(database);
      if (dataVersion(database) !== this.#dataVersion) return new LocalReader(this.#connection);
    } catch (error) {
      database.rollback();
      throw asDamage(error, indexDir);
    }
    this.#isPaused = false;
    return this;
  }

  get warnings(): readonly string[] {
    const { warnings } = this.#vectors;
    if (this.#damaged === 0) return warnings;
    return [damageWarning(this.#connection.indexDir, this.#damaged), ...warnings];
  }

  checkMore(bytes: number): boolean {
    const { scan } = this.#connection;
    const isMore = scan.next(bytes);
    this.#damaged = Math.max(this.#damaged, scan.damaged);
    return isMore;
  }

  counts(): StoreCounts {
    return storeCounts(this.#database);
  }

  countsByLanguage(): { language: string; files: number; chunks: number }[] {
    return this.#database
      .all('select language, count(*), sum(chunks) from files group by language order by 3 desc, 1')
      .map(([language, files, chunks]) => ({
        language: language as string,
        files: files as number,
        chunks: chunks as number,
      }));
  }

  sampleLanguages(most: number): string[] {
    return languagesOfSample(this.#database, most);
  }

  bytes(): Promise<StoreBytes> {
    return bytesOnDisk(this.#connection.indexDir);
  }

  problems(): Iterable<Problem> {
    return allProblems(this.#database);
  }

  files(): Iterable<StoredFile> {
    return allFiles(this.#database);
  }

  fileByPath(file: string): StoredFile | undefined {
    return fileByPath(this.#database, file);
  }

  knownFiles(range: PathRange): Iterable<KnownFile> {
    return knownFiles(this.#database, range);
  }

  leftOut(range: PathRange): Iterable<LeftOutFile> {
    return leftOut(this.#database, range);
  }

  get lastLook(): LookNote | null {
    return metaObject(this.#database, 'lastLook') as LookNote | null;
  }

  get chunkRules(): string | null {
    return (metaValue(this.#database, 'chunkRules') as string | undefined) ?? null;
  }

  async searchVectors(vector: Float32Array, options: VectorSearchOptions): Promise<ChunkScore[]> {
    if (this.identity !== null && vector.length !== this.identity.dimensions)
      throw new Error(`a vector of ${vector.length} numbers for an index of ${this.identity.dimensions}`);
    return this.#vectors.search(vector, options);
  }

  searchChunkWords(terms: readonly string[], options: WordSearchOptions): WordScores {
    return this.#chunkWords.search(terms, options);
  }

  searchFileWords(terms: readonly string[], options: WordSearchOptions): WordScores {
    return this.#fileWords.search(terms, options);
  }

  documentFrequency(term: string): number {
    return this.#chunkWords.rowsWith(term);
  }

  chunks(ids: readonly number[]): StoredChunk[] {
    return chunksOf(this.#database, this.#files, ids);
  }

  filePaths(ids: readonly number[]): string[] {
    this.#files.lookUp(ids);
    return ids.flatMap((id) => this.#files.get(id)?.path ?? []);
  }

  places(ids: readonly number[]): ChunkPlace[] {
    return placesOf(this.#database, this.#files, ids);
  }

  *chunksOfFile(fileId: number): Iterable<StoredChunk> {
    const rows = paged(
      this.#database,
      `select c.ordinal, ${CHUNK_COLUMNS} from chunks c ${CHUNK_JOINS}
        where c.file_id = ? and c.ordinal > ? order by c.ordinal limit ?`,
      -1,
      fileId,
    );
    for (const row of rows) yield chunkOfRow(row.slice(1));
  }

  async vectorOf(chunkId: number, onUnreadable?: () => void): Promise<Float32Array | undefined> {
    const row = this.#database.get(
      `select e.location, s.vector from chunks c join embeddings e on e.id = c.embedding_id
         left join staged s on s.embedding_id = e.id where c.id = ?`,
      chunkId,
    );
    if (row === undefined) return undefined;
    const [location, staged] = row;
    if (staged !== null) return vectorOfBlob(staged as Buffer);
    return location === null ? undefined : this.#vectors.vectorAt(location as number, onUnreadable);
  }

  missingShards(): number {
    return this.#vectors.missingShards();
  }

  sampleWithVectors(count: number): StoredChunk[] {
    const ids = this.#database.all(
      `select c.id from chunks c join embeddings e on e.id = c.embedding_id
        where e.location is not null or e.id in (select embedding_id from staged) order by random() limit ?`,
      count,
    );
    return this.chunks(ids.map(([id]) => id as number));
  }

  async verify(signal?: AbortSignal): Promise<Soundness> {
    const { indexDir } = this.#connection;
    const scan = new SealScan(indexDir);
    while (scan.next(COMPARED_AT_ONCE)) {
      await nextTurn();
      signal?.throwIfAborted();
    }
    const damaged = damageSeenByReader(indexDir) || scan.damaged;
    const [structure] = this.#database.get('pragma integrity_check(1)') as [string];
    const problem = damaged > 0 ? `${damaged} parts do not fit their checksums` : structure;
    const buffer = new ReadBuffer();
    let shards = 0;
    let damagedShards = 0;
    for (const [folder, rows] of this.#database.all('select folder, rows from shards')) {
      await nextTurn();
      signal?.throwIfAborted();
      const place = path.join(indexDir, 'vectors', folder as string);
      shards++;
      if (!shardIsSound(place, rows as number, true, buffer)) damagedShards++;
    }
    return { shards, damagedShards, database: problem === 'ok' ? null : problem };
  }

  explain(error: unknown): unknown {
    return asDamage(error, this.#connection.indexDir);
  }

  close(): void {
    this.#database.close();
  }
}

/** A run that could not say how it ended was killed. */
function lastRunOf(note: RunNote | null, indexDir: string): RunNote | null {
  return note?.outcome === 'running' && !isHeld(indexDir) ? { ...note, outcome: 'interrupted' } : note;
}

function damageWarning(indexDir: string, damage: number): string {
  return `${damage} parts of ${databaseFile(indexDir)} are damaged: what they hold may be missing or wrong. The next \`embed-search index\` makes it anew.`;
}

function missing(indexDir: string): EmbedSearchError {
  return new EmbedSearchError('INDEX_MISSING', `There is no index in ${indexDir}.`);
}

/** Opens the database and its read transaction. */
function connect(indexDir: string, memory: ReadMemory, scan: SealScan): Connection {
  const file = databaseFile(indexDir);
  const inode = inodeOf(file);
  if (inode === undefined) throw missing(indexDir);
  const uri = pathToFileURL(file).href;
  const known = { indexDir, inode, memory, scan };
  try {
    return { ...known, database: openSnapshot(file, `${uri}?mode=rw`), immutable: false };
  } catch (error) {
    if (!(error instanceof EmbedSearchError) || !['NO_PERMISSION', 'NO_SPACE'].includes(error.code))
      throw error;
    // SQLite cannot make its shared memory file here. Without a log the database file is all there is to read.
    if (fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size) throw error;
    return { ...known, database: openSnapshot(file, `${uri}?mode=ro&immutable=1`), immutable: true };
  }
}

function openSnapshot(file: string, location: string): Sqlite {
  const options = { busyMilliseconds: BUSY_MILLISECONDS, cacheBytes: CACHE_BYTES };
  const database = new Sqlite(file, options, location);
  try {
    beginReading(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function beginReading(database: Sqlite): void {
  database.exec('begin');
  database.get('select count(*) from sqlite_schema'); // a deferred transaction starts with its first read
}

function dataVersion(database: Sqlite): number {
  return database.get('pragma data_version')![0] as number;
}

function inodeOf(file: string): number | undefined {
  return fs.statSync(file, { throwIfNoEntry: false })?.ino;
}
