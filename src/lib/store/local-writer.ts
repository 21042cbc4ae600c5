import { existsSync } from 'node:fs';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { databaseFile } from './database-blocks.js';
import { putFile, putFilesInSteps, removeFile, removeFilesInSteps, replaceChunk } from './file-writes.js';
import type { ChangedBlocks } from './changed-blocks.js';
import { LiveRows } from './live-rows.js';
import {
  allFiles,
  allProblems,
  fileByPath,
  knownFiles,
  leftOut,
  metaObject,
  storeCounts,
} from './queries.js';
import { CHUNK_COLUMNS, chunkOfRow } from './rows.js';
import { refuseOtherIdentity, refuseOtherRoot } from './same-index.js';
import { metaValue, PENDING, QUARANTINED, setMetaValue } from './schema.js';
import type { KeptIdentity } from './seal.js';
import { ShardWriter } from './shard-writer.js';
import type { Sqlite } from './sqlite.js';
import { heal, removeUnnamedShards, sweep, truncateLog } from './sweep.js';
import { tidyWords } from './tidy-words.js';
import { publishShards, stageVectors } from './vector-writes.js';
import { WordTables } from './word-tables.js';
import { bytesOfHex, type WriterContext } from './writer-context.js';
import type { WriterLock } from './writer-lock.js';
import { WriterSeal } from './writer-seal.js';
import { WriterTransactions } from './writer-transactions.js';
import type {
  ChunkProblem,
  FileRecord,
  FileWithChunks,
  IndexIdentity,
  KnownFile,
  LeftOutFile,
  LookNote,
  ModelFileNote,
  NewChunk,
  PathRange,
  PendingChunk,
  Problem,
  RunNote,
  StoreCounts,
  StoredFile,
  StoreWriter,
  WordRules,
} from './types.js';

export interface LocalWriterOptions {
  readonly database: Sqlite;
  readonly vectorsDir: string;
  readonly lock: WriterLock;
  readonly root: string;
  /** Everything is cleared in the transaction that the first commit ends: until then the old index answers. */
  readonly rebuild: boolean;
  /** What the last seal said of the vectors. */
  readonly kept: KeptIdentity | null;
  readonly changed: ChangedBlocks;
  /** See OpenWriterOptions. */
  readonly isSmall: boolean;
  readonly warnings: readonly string[];
}

/** See StoreWriter. */
export class LocalWriter implements StoreWriter {
  readonly #database: Sqlite;
  readonly #lock: WriterLock;
  readonly #context: WriterContext;
  readonly #transactions: WriterTransactions;
  readonly #seal: WriterSeal;
  #shardWriter: ShardWriter | undefined;
  /** Is what a sweep looks for as the last one left it? */
  #isSwept = true;
  readonly #isSmall: boolean;
  readonly warnings: readonly string[];
  /** Texts whose vectors were found missing when the index was opened. */
  #lost = 0;

  private constructor({ database, vectorsDir, lock, changed, ...options }: LocalWriterOptions) {
    this.#database = database;
    this.#lock = lock;
    this.#isSmall = options.isSmall;
    this.warnings = options.warnings;
    const parts = { database, live: new LiveRows(database), words: new WordTables(database) };
    this.#transactions = new WriterTransactions(parts, options.rebuild ? options.root : undefined);
    const indexDir = path.dirname(vectorsDir);
    this.#seal = new WriterSeal({ indexDir, database, changed, kept: options.kept });
    this.#context = {
      ...parts,
      vectorsDir,
      changed,
      write: (work) => {
        this.#isSwept = false;
        return this.#transactions.write(work);
      },
      onPublished: () => this.#seal.keep(),
    };
  }

  /** Takes over a prepared database, and what a killed run left beside it. */
  static async open(options: LocalWriterOptions): Promise<LocalWriter> {
    const writer = new LocalWriter(options);
    if (options.rebuild) return writer;
    const { database, root, vectorsDir } = options;
    const known = metaValue(database, 'root');
    if (typeof known === 'string') refuseOtherRoot(known, root, path.dirname(vectorsDir));
    if (known !== root) writer.transaction(() => setMetaValue(database, 'root', root));
    writer.#lost = heal(writer.#context, false);
    await removeUnnamedShards(writer.#context);
    return writer;
  }

  get identity(): IndexIdentity | null {
    return metaObject(this.#database, 'identity') as IndexIdentity | null;
  }

  get modelFile(): ModelFileNote | null {
    return metaObject(this.#database, 'modelFile') as ModelFileNote | null;
  }

  get generation(): number {
    return metaValue(this.#database, 'generation') as number;
  }

  setIdentity(identity: IndexIdentity, modelFile: ModelFileNote): void {
    refuseOtherIdentity(this.identity, identity);
    this.#transactions.write(() => {
      setMetaValue(this.#database, 'identity', JSON.stringify(identity));
      setMetaValue(this.#database, 'modelFile', JSON.stringify(modelFile));
    });
  }

  async setWords(rules: WordRules): Promise<void> {
    const { words } = this.#context;
    if (!words.setRules(rules)) return;
    // A rebuild has cleared the words: nothing to commit before its first change.
    if (this.#transactions.isRebuild) return words.noteVersion();
    await this.#transactions.runInTurns(words.makeAnew());
  }

  transaction<T>(work: () => T): T {
    return this.#transactions.run(work);
  }

  async putFiles(files: Iterable<FileWithChunks>): Promise<{ added: number; removed: number }> {
    return this.#transactions.runInTurns(putFilesInSteps(this.#context, files));
  }

  fileByPath(path: string): StoredFile | undefined {
    return fileByPath(this.#database, path);
  }

  files(): Iterable<StoredFile> {
    return allFiles(this.#database);
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

  putFile(file: FileRecord, chunks: Iterable<NewChunk>): { added: number; removed: number } {
    return this.#transactions.change(() => putFile(this.#context, file, chunks));
  }

  touchFile(path: string, stat: Pick<FileRecord, 'size' | 'mtimeMs' | 'inode'>): void {
    const sql = 'update files set size = ?, mtime_ms = ?, inode = ? where path = ?';
    this.#transactions.write(() => this.#database.run(sql, stat.size, stat.mtimeMs, stat.inode, path));
  }

  removeFile(path: string): { removed: number } {
    return this.#transactions.change(() => removeFile(this.#context, path));
  }

  async removeFiles(paths: Iterable<string>): Promise<{ removed: number }> {
    return this.#transactions.runInTurns(removeFilesInSteps(this.#context, paths));
  }

  replaceChunk(chunkId: number, pieces: readonly NewChunk[]): void {
    this.#transactions.change(() => replaceChunk(this.#context, chunkId, pieces));
  }

  counts(): StoreCounts {
    return storeCounts(this.#database);
  }

  pendingCount(): number {
    return this.#database.get(`select count(*) from embeddings where state = ${PENDING}`)![0] as number;
  }

  pendingChunks(limit: number, after = 0): PendingChunk[] {
    const rows = this.#database.all(
      `select ${CHUNK_COLUMNS}, e.key, e.id from embeddings e
         join chunks c on c.id = (select min(id) from chunks where embedding_id = e.id)
         join files f on f.id = c.file_id join chunk_texts t on t.chunk_id = c.id
        where e.state = ${PENDING} and e.id > ? order by e.id limit ?`,
      after,
      limit,
    );
    return rows.map((row) => ({
      ...chunkOfRow(row),
      embeddingKey: (row[9] as Buffer).toString('hex'),
      position: row[10] as number,
    }));
  }

  stageVectors(vectors: readonly { readonly key: string; readonly vector: Float32Array }[]): void {
    const dimensions = this.#dimensions();
    this.#transactions.change(() => stageVectors(this.#context, vectors, dimensions));
  }

  async publish(options: { all?: boolean } = {}): Promise<number> {
    if (this.identity === null) return 0;
    return publishShards(this.#context, this.#shards(), options.all === true);
  }

  tidyWords(signal?: AbortSignal): Promise<void> {
    return tidyWords(this.#context, signal);
  }

  async sweep(): Promise<void> {
    const isSwept = this.#isSwept && metaValue(this.#database, 'swept') === this.generation;
    await sweep(this.#context, isSwept || this.identity === null ? undefined : this.#shards());
    // Two counts of all vectors, for nothing where none has changed since.
    if (!isSwept && !this.#transactions.isRebuild)
      this.#transactions.write(() => setMetaValue(this.#database, 'swept', this.generation));
    this.#isSwept = true;
    if (!existsSync(databaseFile(path.dirname(this.#context.vectorsDir)))) {
      throw new EmbedSearchError('INDEX_MISSING', 'The index was deleted while it was being written.');
    }
  }

  async heal(): Promise<number> {
    const lost = this.#lost + heal(this.#context, true);
    this.#lost = 0;
    return lost;
  }

  noteLeftOut(files: Iterable<LeftOutFile>, gone: Iterable<string> = []): void {
    const sql = `insert into file_problems values (?, ?, ?, ?, ?, ?) on conflict(path) do update set
      reason = excluded.reason, detail = excluded.detail,
      size = excluded.size, mtime_ms = excluded.mtime_ms, inode = excluded.inode`;
    this.#transactions.write(() => {
      for (const path of gone) this.#database.run('delete from file_problems where path = ?', path);
      for (const { path, reason, detail, stat } of files) {
        const columns = stat === undefined ? [null, null, null] : [stat.size, stat.mtimeMs, stat.inode];
        this.#database.run(sql, path, reason, detail ?? null, ...columns);
      }
    });
  }

  noteLook(note: LookNote): void {
    this.#transactions.write(() => setMetaValue(this.#database, 'lastLook', JSON.stringify(note)));
  }

  noteChunkRules(rules: string): void {
    this.#transactions.write(() => setMetaValue(this.#database, 'chunkRules', rules));
  }

  noteChunkProblem(embeddingKey: string, reason: string): void {
    const sql = `update embeddings set state = ${QUARANTINED}, problem = ? where key = ? and state = ${PENDING}`;
    this.#transactions.write(() => this.#database.run(sql, reason, bytesOfHex(embeddingKey)));
  }

  chunkProblems(): ChunkProblem[] {
    return this.#database
      .all(
        `select lower(hex(key)), problem from embeddings where state = ${QUARANTINED} and uses > 0 order by id`,
      )
      .map(([embeddingKey, reason]) => ({ embeddingKey, reason }) as ChunkProblem);
  }

  clearChunkProblems(embeddingKeys?: readonly string[]): void {
    const clear = `update embeddings set state = ${PENDING}, problem = null where state = ${QUARANTINED}`;
    this.#transactions.write(() => {
      if (embeddingKeys === undefined) this.#database.run(clear);
      else for (const key of embeddingKeys) this.#database.run(`${clear} and key = ?`, bytesOfHex(key));
    });
  }

  problems(): Iterable<Problem> {
    return allProblems(this.#database);
  }

  noteRun(note: RunNote): void {
    const write = () => setMetaValue(this.#database, 'lastRun', JSON.stringify(note));
    const hasEnded = note.outcome === 'done' || note.outcome === 'in-part';
    // A rebuild that has not begun, or came to nothing, is no reason to give up the old index.
    if (this.#transactions.isRebuild && !this.#transactions.isWorking && !hasEnded) write();
    else this.#transactions.write(write);
  }

  async close(): Promise<void> {
    try {
      this.#database.rollback();
      const isWhole = truncateLog(this.#context);
      if (this.#database.sawDamage || this.#context.changed.foundDamage) await this.#seal.condemn();
      else if (isWhole) await this.#seal.seal(this.#isSmall);
    } finally {
      this.#database.close();
      this.#lock.release();
    }
  }

  #shards(): ShardWriter {
    const dimensions = this.#dimensions();
    if (this.#shardWriter?.dimensions !== dimensions)
      this.#shardWriter = new ShardWriter(this.#context.vectorsDir, dimensions);
    return this.#shardWriter;
  }

  #dimensions(): number {
    const identity = this.identity;
    if (identity === null) throw new Error('vectors before the identity that says what they are');
    return identity.dimensions;
  }
}
