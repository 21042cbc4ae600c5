import { existsSync } from 'node:fs';
import path from 'node:path';
import { asUserError, EmbedSearchError } from '../errors.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { putFile, putFilesInSteps, removeFile, removeFilesInSteps, replaceChunk } from './file-writes.js';
import { ChangedBlocks } from './changed-blocks.js';
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
import { clearTables, metaValue, PENDING, QUARANTINED, setMetaValue } from './schema.js';
import { type KeptIdentity, type Sums, sumsOf, writeSeal } from './seal.js';
import { ShardWriter } from './shard-writer.js';
import { isDamagedWordTable, type Sqlite } from './sqlite.js';
import { heal, removeUnnamedShards, sweep, truncateLog } from './sweep.js';
import { publishShards, stageVectors } from './vector-writes.js';
import { WordTables } from './word-tables.js';
import { bytesOfHex, type WriterContext } from './writer-context.js';
import type { WriterLock } from './writer-lock.js';
import type {
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

/** See StoreWriter. Each transaction that changes what a query can answer makes a new generation. */
export class LocalWriter implements StoreWriter {
  readonly #database: Sqlite;
  readonly #lock: WriterLock;
  readonly #context: WriterContext;
  readonly #root: string;
  #shardWriter: ShardWriter | undefined;
  #clearFirst: boolean;
  #working = false;
  #changed = false;
  /** Is what a sweep looks for as the last one left it? */
  #isSwept = true;
  #kept: KeptIdentity | null;
  readonly #isSmall: boolean;
  readonly warnings: readonly string[];
  /** Texts whose vectors were found missing when the index was opened. */
  #lost = 0;

  private constructor(options: LocalWriterOptions) {
    this.#database = options.database;
    this.#lock = options.lock;
    this.#root = options.root;
    this.#clearFirst = options.rebuild;
    this.#kept = options.kept;
    this.#isSmall = options.isSmall;
    this.warnings = options.warnings;
    this.#context = {
      database: options.database,
      vectorsDir: options.vectorsDir,
      live: new LiveRows(options.database),
      words: new WordTables(options.database),
      changed: options.changed,
      write: (work) => {
        this.#isSwept = false;
        return this.#write(work);
      },
      onPublished: () => this.#keep(),
    };
  }

  /** Takes over a prepared database, and what a killed run left beside it. */
  static async open(options: LocalWriterOptions): Promise<LocalWriter> {
    const writer = new LocalWriter(options);
    if (options.rebuild) {
      writer.#begin();
      return writer;
    }
    const known = metaValue(options.database, 'root');
    if (typeof known === 'string') refuseOtherRoot(known, options);
    if (known !== options.root)
      writer.transaction(() => setMetaValue(options.database, 'root', options.root));
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
    checkIdentity(this.identity, identity);
    this.#write(() => {
      setMetaValue(this.#database, 'identity', JSON.stringify(identity));
      setMetaValue(this.#database, 'modelFile', JSON.stringify(modelFile));
    });
  }

  async setWords(rules: WordRules): Promise<void> {
    const { words } = this.#context;
    if (!words.setRules(rules)) return;
    // A rebuild has cleared the words: nothing to commit before its first change.
    if (this.#clearFirst) return words.noteVersion();
    await this.#inTurns(words.makeAnew());
  }

  transaction<T>(work: () => T): T {
    this.#startWork();
    try {
      const result = work();
      this.#commit();
      return result;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  async putFiles(files: Iterable<FileWithChunks>): Promise<{ added: number; removed: number }> {
    return this.#inTurns(putFilesInSteps(this.#context, files));
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

  putFile(file: FileRecord, chunks: Iterable<NewChunk>): { added: number; removed: number } {
    return this.#change(() => putFile(this.#context, file, chunks));
  }

  touchFile(path: string, stat: Pick<FileRecord, 'size' | 'mtimeMs' | 'inode'>): void {
    const sql = 'update files set size = ?, mtime_ms = ?, inode = ? where path = ?';
    this.#write(() => this.#database.run(sql, stat.size, stat.mtimeMs, stat.inode, path));
  }

  removeFile(path: string): { removed: number } {
    return this.#change(() => removeFile(this.#context, path));
  }

  async removeFiles(paths: Iterable<string>): Promise<{ removed: number }> {
    return this.#inTurns(removeFilesInSteps(this.#context, paths));
  }

  replaceChunk(chunkId: number, pieces: readonly NewChunk[]): void {
    this.#change(() => replaceChunk(this.#context, chunkId, pieces));
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
    this.#change(() => stageVectors(this.#context, vectors, dimensions));
  }

  async publish(options: { all?: boolean } = {}): Promise<number> {
    if (this.identity === null) return 0;
    return publishShards(this.#context, this.#shards(), options.all === true);
  }

  async sweep(): Promise<void> {
    const isSwept = this.#isSwept && metaValue(this.#database, 'swept') === this.generation;
    await sweep(this.#context, isSwept || this.identity === null ? undefined : this.#shards());
    // Two counts of all vectors, for nothing where none has changed since.
    if (!isSwept && !this.#clearFirst)
      this.#write(() => setMetaValue(this.#database, 'swept', this.generation));
    this.#isSwept = true;
    if (!existsSync(path.join(this.#indexDir, 'index.db'))) {
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
    this.#write(() => {
      for (const path of gone) this.#database.run('delete from file_problems where path = ?', path);
      for (const { path, reason, detail, stat } of files) {
        const columns = stat === undefined ? [null, null, null] : [stat.size, stat.mtimeMs, stat.inode];
        this.#database.run(sql, path, reason, detail ?? null, ...columns);
      }
    });
  }

  noteLook(note: LookNote): void {
    this.#write(() => setMetaValue(this.#database, 'lastLook', JSON.stringify(note)));
  }

  noteChunkProblem(embeddingKey: string, reason: string): void {
    const sql = `update embeddings set state = ${QUARANTINED}, problem = ? where key = ? and state = ${PENDING}`;
    this.#write(() => this.#database.run(sql, reason, bytesOfHex(embeddingKey)));
  }

  clearChunkProblems(): void {
    const sql = `update embeddings set state = ${PENDING}, problem = null where state = ${QUARANTINED}`;
    this.#write(() => this.#database.run(sql));
  }

  problems(): Iterable<Problem> {
    return allProblems(this.#database);
  }

  noteRun(note: RunNote): void {
    const write = () => setMetaValue(this.#database, 'lastRun', JSON.stringify(note));
    const hasEnded = note.outcome === 'done' || note.outcome === 'in-part';
    // A rebuild that has not begun, or came to nothing, is no reason to give up the old index.
    if (this.#clearFirst && !this.#working && !hasEnded) write();
    else this.#write(write);
  }

  async close(): Promise<void> {
    try {
      this.#database.rollback();
      const isWhole = truncateLog(this.#context);
      if (this.#database.sawDamage || this.#context.changed.foundDamage)
        await writeSeal(this.#indexDir, { sums: null, damaged: true, kept: this.#kept });
      else if (isWhole) await this.#seal();
    } finally {
      this.#database.close();
      this.#lock.release();
    }
  }

  /** A transaction during which the event loop turns at each step: nothing else may write meanwhile. */
  async #inTurns<T>(steps: Generator<undefined, T>): Promise<T> {
    this.#startWork();
    this.#changed = true;
    try {
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) await nextTurn();
      this.#commit();
      return step.value;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  get #indexDir(): string {
    return path.dirname(this.#context.vectorsDir);
  }

  /** For the next one to compare with. A small change does not pay for a reading of all of the database. */
  async #seal(): Promise<void> {
    const { sinceSeal } = this.#context.changed;
    if (sinceSeal === undefined && this.#isSmall) return;
    this.#kept = this.#whatToKeep();
    await this.#tryToWriteSeal(() => sumsOf(this.#indexDir, sinceSeal));
  }

  /** Were the database lost from here on, its vectors are not. */
  async #keep(): Promise<void> {
    this.#kept = this.#whatToKeep();
    await this.#tryToWriteSeal(() => null);
  }

  #whatToKeep(): KeptIdentity | null {
    const { identity, modelFile, generation } = this;
    const shards = this.#database.all('select folder from shards').map(([folder]) => folder as string);
    return identity && { generation, identity, modelFile, shards };
  }

  /** An index that could not be sealed (no space) is as good, and not looked after. */
  async #tryToWriteSeal(sums: () => Sums | null): Promise<void> {
    try {
      await writeSeal(this.#indexDir, { sums: sums(), damaged: false, kept: this.#kept });
    } catch (error) {
      if (!(asUserError(error, '') instanceof EmbedSearchError)) throw error;
    }
  }

  #startWork(): void {
    if (this.#working) throw new Error('a transaction within a transaction');
    if (!this.#database.inTransaction) this.#begin();
    this.#working = true;
  }

  #commit(): void {
    this.#context.live.write();
    this.#context.words.write();
    if (this.#changed) setMetaValue(this.#database, 'generation', this.generation + 1);
    // Fault point: to be committed
    this.#database.exec('commit');
    // Fault point: committed
    this.#clearFirst = false;
    this.#working = false;
    this.#changed = false;
  }

  #giveUp(error: unknown): void {
    this.#working = false;
    this.#changed = false;
    this.#database.rollback();
    this.#context.live.discard();
    this.#context.words.discard();
    if (isDamagedWordTable(error)) this.#context.words.distrust();
    if (this.#clearFirst) this.#begin();
  }

  #begin(): void {
    this.#database.exec('begin immediate');
    if (!this.#clearFirst) return;
    clearTables(this.#database);
    setMetaValue(this.#database, 'root', this.#root);
    this.#context.words.noteVersion();
    // Fault point: cleared for a rebuild
  }

  #write<T>(work: () => T): T {
    return this.#working ? work() : this.transaction(work);
  }

  #change<T>(work: () => T): T {
    return this.#write(() => {
      this.#changed = true;
      return work();
    });
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

/** An index goes with its folder when that is moved or copied; one that is kept elsewhere is of one folder. */
function refuseOtherRoot(known: string, { root, vectorsDir }: LocalWriterOptions): void {
  if (known === root || vectorsDir.startsWith(root + path.sep) || !existsSync(known)) return;
  throw new EmbedSearchError(
    'INDEX_OTHER_SETTINGS',
    `${path.dirname(vectorsDir)} is the index of ${known}.`,
    {
      fix: 'Name another folder with --index-dir, or give this one to the new folder with --rebuild.',
    },
  );
}

function checkIdentity(known: IndexIdentity | null, wanted: IndexIdentity): void {
  if (known === null) return;
  if (known.modelSha256 !== wanted.modelSha256)
    throw new EmbedSearchError(
      'INDEX_OTHER_MODEL',
      `The index was made with the model ${known.modelId} (${known.modelSha256.slice(0, 8)}), ` +
        `not with ${wanted.modelId} (${wanted.modelSha256.slice(0, 8)}).`,
    );
  const settings = [
    'dimensions',
    'pooling',
    'queryPrefix',
    'documentPrefix',
    'tokenLimit',
    'normalization',
    'cut',
    'lastToken',
  ] as const;
  const changed = settings.filter((name) => known[name] !== wanted[name]);
  if (changed.length === 0) return;
  const list = changed.map((name) => `${name} ${JSON.stringify(known[name])}`).join(', ');
  throw new EmbedSearchError(
    'INDEX_OTHER_SETTINGS',
    `The index was made with other settings of ${known.modelId}: ${list}.`,
  );
}
