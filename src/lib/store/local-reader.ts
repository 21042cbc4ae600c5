import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { EmbedSearchError } from '../errors.js';
import { bytesOnDisk } from './bytes-on-disk.js';
import { FileFilter } from './filter.js';
import { allFiles, allProblems, fileByPath, metaObject, paged, storeCounts } from './queries.js';
import { CHUNK_COLUMNS, chunkOfRow } from './rows.js';
import { databaseState, metaValue } from './schema.js';
import { Sqlite, type SqliteOptions } from './sqlite.js';
import { VectorSearch, vectorOfBlob } from './vector-search.js';
import { isHeld } from './writer-lock.js';
import { documentFrequency, searchChunkWords, searchFileWords } from './word-search.js';
import type {
  ChunkScore,
  FileScore,
  IndexIdentity,
  ModelFileNote,
  Problem,
  RunNote,
  StoreBytes,
  StoreCounts,
  StoredChunk,
  StoredFile,
  StoreReader,
  VectorSearchOptions,
  WordSearchOptions,
} from './types.js';

const OPTIONS: SqliteOptions = { busyMilliseconds: 5000, cacheBytes: 4 * 1024 * 1024 };
const CHUNK_JOINS = 'join files f on f.id = c.file_id join chunk_texts t on t.chunk_id = c.id';

/**
 * A generation, held by a read transaction for the reader's whole life: SQLite keeps its pages in the write-ahead
 * log, and a writer removes a shard only when no such transaction can name it (see sweep.ts).
 */
export class LocalReader implements StoreReader {
  readonly generation: number;
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
  readonly root: string;
  readonly lastRun: RunNote | null;
  readonly #indexDir: string;
  readonly #database: Sqlite;
  readonly #warnings = new Set<string>();
  readonly #filter: FileFilter;
  readonly #vectors: VectorSearch;

  constructor(indexDir: string) {
    this.#indexDir = indexDir;
    const file = path.join(indexDir, 'index.db');
    this.#database = openSnapshot(file);
    try {
      if (databaseState(this.#database, file) === 'empty') throw missing(indexDir);
      this.generation = metaValue(this.#database, 'generation') as number;
      this.identity = metaObject(this.#database, 'identity') as IndexIdentity | null;
      this.modelFile = metaObject(this.#database, 'modelFile') as ModelFileNote | null;
      this.root = metaValue(this.#database, 'root') as string;
      this.lastRun = lastRunOf(metaObject(this.#database, 'lastRun') as RunNote | null, indexDir);
    } catch (error) {
      this.#database.close();
      throw error;
    }
    this.#filter = new FileFilter(this.#database);
    this.#vectors = new VectorSearch(
      this.#database,
      path.join(indexDir, 'vectors'),
      this.#filter,
      (warning) => this.#warnings.add(warning),
    );
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
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

  bytes(): Promise<StoreBytes> {
    return bytesOnDisk(this.#indexDir);
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

  async searchVectors(vector: Float32Array, options: VectorSearchOptions): Promise<ChunkScore[]> {
    if (this.identity !== null && vector.length !== this.identity.dimensions)
      throw new Error(`a vector of ${vector.length} numbers for an index of ${this.identity.dimensions}`);
    return this.#vectors.search(vector, options);
  }

  searchChunkWords(terms: readonly string[], options: WordSearchOptions): ChunkScore[] {
    return searchChunkWords(this.#database, this.#filter, terms, options);
  }

  searchFileWords(terms: readonly string[], options: WordSearchOptions): FileScore[] {
    return searchFileWords(this.#database, this.#filter, terms, options);
  }

  documentFrequency(term: string): number {
    return documentFrequency(this.#database, term);
  }

  chunks(ids: readonly number[]): StoredChunk[] {
    const rows = this.#database.all(
      `select ${CHUNK_COLUMNS} from json_each(?) wanted cross join chunks c on c.id = wanted.value ${CHUNK_JOINS}
        order by wanted.key`,
      JSON.stringify(ids),
    );
    return rows.map(chunkOfRow);
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

  async vectorOf(chunkId: number): Promise<Float32Array | undefined> {
    const row = this.#database.get(
      `select e.location, s.vector from chunks c join embeddings e on e.id = c.embedding_id
         left join staged s on s.embedding_id = e.id where c.id = ?`,
      chunkId,
    );
    if (row === undefined) return undefined;
    const [location, staged] = row;
    if (staged !== null) return vectorOfBlob(staged as Buffer);
    return location === null ? undefined : this.#vectors.vectorAt(location as number);
  }

  close(): void {
    this.#database.close();
  }
}

/** A run that could not say how it ended was killed. */
function lastRunOf(note: RunNote | null, indexDir: string): RunNote | null {
  return note?.outcome === 'running' && !isHeld(indexDir) ? { ...note, outcome: 'interrupted' } : note;
}

function missing(indexDir: string): EmbedSearchError {
  return new EmbedSearchError('INDEX_MISSING', `There is no index in ${indexDir}.`);
}

/** Opens the database and its read transaction. */
function openSnapshot(file: string): Sqlite {
  if (!fs.existsSync(file)) throw missing(path.dirname(file));
  const uri = pathToFileURL(file).href;
  try {
    return beginReading(file, `${uri}?mode=rw`);
  } catch (error) {
    if (!(error instanceof EmbedSearchError) || !['NO_PERMISSION', 'NO_SPACE'].includes(error.code))
      throw error;
    // SQLite cannot make its shared memory file here. Without a log the database file is all there is to read.
    if (fs.statSync(`${file}-wal`, { throwIfNoEntry: false })?.size) throw error;
    return beginReading(file, `${uri}?mode=ro&immutable=1`);
  }
}

function beginReading(file: string, location: string): Sqlite {
  const database = new Sqlite(file, OPTIONS, location);
  try {
    database.exec('begin');
    database.get('select count(*) from sqlite_schema'); // a deferred transaction starts with its first read
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
