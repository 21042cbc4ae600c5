import { existsSync } from 'node:fs';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { putFile, putFileInSteps, removeFile, replaceChunk } from './file-writes.js';
import { LiveRows } from './live-rows.js';
import { allFiles, allProblems, fileByPath, metaObject, storeCounts } from './queries.js';
import { CHUNK_COLUMNS, chunkOfRow } from './rows.js';
import { clearTables, metaValue, PENDING, QUARANTINED, setMetaValue } from './schema.js';
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
  ModelFileNote,
  NewChunk,
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
  /** Texts whose vectors were found missing when the index was opened. */
  #lost = 0;

  private constructor(options: LocalWriterOptions) {
    this.#database = options.database;
    this.#lock = options.lock;
    this.#root = options.root;
    this.#clearFirst = options.rebuild;
    this.#context = {
      database: options.database,
      vectorsDir: options.vectorsDir,
      live: new LiveRows(options.database),
      words: new WordTables(options.database),
      write: (work) => this.#write(work),
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

  setWords(rules: WordRules): void {
    // A rebuild clears the words anyway: nothing to commit before its first change.
    if (this.#clearFirst) this.#context.words.setRules(rules);
    else
      this.#write(() => {
        if (this.#context.words.setRules(rules)) this.#changed = true;
      });
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
    this.#startWork();
    this.#changed = true;
    try {
      const total = { added: 0, removed: 0 };
      for (const { record, chunks } of files) {
        const steps = putFileInSteps(this.#context, record, chunks);
        let step = steps.next();
        for (; step.done !== true; step = steps.next()) await nextTurn();
        total.added += step.value.added;
        total.removed += step.value.removed;
      }
      this.#commit();
      return total;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  fileByPath(path: string): StoredFile | undefined {
    return fileByPath(this.#database, path);
  }

  files(): Iterable<StoredFile> {
    return allFiles(this.#database);
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
    await sweep(this.#context, this.identity === null ? undefined : this.#shards());
    if (!existsSync(path.join(path.dirname(this.#context.vectorsDir), 'index.db'))) {
      throw new EmbedSearchError('INDEX_MISSING', 'The index was deleted while it was being written.');
    }
  }

  async heal(): Promise<number> {
    const lost = this.#lost + heal(this.#context, true);
    this.#lost = 0;
    return lost;
  }

  setFileProblems(problems: Iterable<Problem>): void {
    this.#write(() => {
      this.#database.run('delete from file_problems');
      for (const { path, reason, detail } of problems)
        this.#database.run(
          'insert or ignore into file_problems values (?, ?, ?)',
          path,
          reason,
          detail ?? null,
        );
    });
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
      truncateLog(this.#context);
    } finally {
      this.#database.close();
      this.#lock.release();
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
    this.#database.exec('commit');
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
  ] as const;
  const changed = settings.filter((name) => known[name] !== wanted[name]);
  if (changed.length === 0) return;
  const list = changed.map((name) => `${name} ${JSON.stringify(known[name])}`).join(', ');
  throw new EmbedSearchError(
    'INDEX_OTHER_SETTINGS',
    `The index was made with other settings of ${known.modelId}: ${list}.`,
  );
}
