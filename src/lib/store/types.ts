/** What makes vectors comparable; an index holds vectors of one identity only. */
export interface IndexIdentity {
  readonly modelId: string;
  readonly modelSha256: string;
  readonly dimensions: number;
  readonly pooling: string;
  readonly queryPrefix: string;
  readonly documentPrefix: string;
  readonly tokenLimit: number;
  readonly normalization: string;
}

/** How to find the model again without hashing it, kept beside the identity. */
export interface ModelFileNote {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Which runtime the last run had, with its version: another one may manage texts that this one did not. */
  readonly runtime?: string;
}

export interface FileRecord {
  /** Relative to the root, `/` on every system. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
  /** hex SHA-256 of the bytes */
  readonly hash: string;
  readonly language: string;
}

export interface StoredFile extends FileRecord {
  readonly id: number;
}

/** A chunk as it goes in. */
export interface NewChunk {
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  readonly symbol?: string;
  /** Hex digest of the text that is embedded: chunks with the same key share one vector. */
  readonly embeddingKey: string;
}

/** How texts, symbols and paths become the words that a search looks up. */
export interface WordRules {
  /** Where it differs from that of the index, all words are made anew from the stored texts. */
  readonly version: string;
  /** Pure: what it gave when a text came is asked for again when the text goes. */
  readonly wordsOf: (text: string) => string;
}

/** A file with the chunks that it is cut into, made as they are asked for. */
export interface FileWithChunks {
  readonly record: FileRecord;
  readonly chunks: Iterable<NewChunk>;
}

/** A chunk as it comes out. */
export interface StoredChunk {
  readonly id: number;
  readonly fileId: number;
  readonly ordinal: number;
  readonly path: string;
  readonly language: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  readonly symbol?: string;
}

/** A chunk that has no vector yet; one stands for all that share its key. */
export interface PendingChunk extends StoredChunk {
  readonly embeddingKey: string;
  /** Where it stands among the pending ones: `pendingChunks(limit, after)` goes on behind it. */
  readonly position: number;
}

export interface StoreCounts {
  readonly files: number;
  readonly chunks: number;
  /** Chunks whose vector a query can use now: published or staged. */
  readonly withVectors: number;
}

/** Something that could not be indexed, kept with its reason until its cause changes. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
  readonly detail?: string;
  /** Set for a chunk, absent for a whole file. */
  readonly startLine?: number;
  readonly endLine?: number;
}

/** Which files a search may answer from; both must hold. */
export interface SearchFilter {
  /** Given a file's path and language, may it be in the result? */
  readonly accepts: (path: string, language: string) => boolean;
}

export interface ChunkScore {
  readonly chunkId: number;
  readonly fileId: number;
  readonly score: number;
}

export interface FileScore {
  readonly fileId: number;
  readonly score: number;
}

export interface VectorSearchOptions {
  readonly limit: number;
  readonly filter?: SearchFilter | undefined;
  /** Scan every vector instead of the candidates that the sketch gives. */
  readonly exact?: boolean;
}

/** What a match in a field counts for BM25; 1 where left out. Whole files have no symbol. */
export interface WordWeights {
  readonly body?: number;
  readonly symbol?: number;
  readonly path?: number;
}

export interface WordSearchOptions {
  readonly limit: number;
  readonly filter?: SearchFilter | undefined;
  readonly weights?: WordWeights | undefined;
}

/** Bytes on disk by part. */
export interface StoreBytes {
  readonly database: number;
  readonly vectors: number;
  readonly other: number;
  readonly total: number;
}

/** Which files a run looked at, so that staleness can be told by the same rules. */
export interface WalkSettings {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  /** bytes */
  readonly maxFileSize?: number;
}

/** How the last `index` run ended. */
export interface RunNote {
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: 'running' | 'done' | 'in-part' | 'failed' | 'interrupted';
  /** Code of the error that it ended with. */
  readonly errorCode?: string;
  readonly walk?: WalkSettings;
  readonly detail?: string;
}

/**
 * One generation of an index, held for as long as the reader is open: what it answers does not change
 * under a writer. Errors: INDEX_MISSING, INDEX_NEWER_FORMAT, INDEX_DAMAGED, and those of the machine.
 */
export interface StoreReader {
  readonly generation: number;
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
  /** Absolute path of the folder that was indexed, as of the last run. */
  readonly root: string;
  readonly lastRun: RunNote | null;
  /** What is wrong but does not keep it from answering: a damaged shard that was passed over. */
  readonly warnings: readonly string[];

  counts(): StoreCounts;
  countsByLanguage(): { language: string; files: number; chunks: number }[];
  bytes(): Promise<StoreBytes>;
  problems(): Iterable<Problem>;
  files(): Iterable<StoredFile>;
  fileByPath(path: string): StoredFile | undefined;

  /** Cosine similarity with a unit vector, best first. Staged vectors count too. */
  searchVectors(vector: Float32Array, options: VectorSearchOptions): Promise<ChunkScore[]>;
  /** BM25 of any of `terms` (bare words or phrases of bare words; never FTS5 syntax) over chunks, higher is better, best first. */
  searchChunkWords(terms: readonly string[], options: WordSearchOptions): ChunkScore[];
  /** The same over whole files. */
  searchFileWords(terms: readonly string[], options: WordSearchOptions): FileScore[];
  /** How many chunks hold the term; 0 when none. */
  documentFrequency(term: string): number;

  chunks(ids: readonly number[]): StoredChunk[];
  chunksOfFile(fileId: number): Iterable<StoredChunk>;
  /** The vector of a chunk, or undefined while it has none. */
  vectorOf(chunkId: number): Promise<Float32Array | undefined>;
  close(): void;
}

/**
 * The one writer of an index. Opening takes the lock (INDEX_LOCKED names the pid that holds it) and sweeps what a
 * killed run left. Errors as of the reader, and NO_SPACE, NO_PERMISSION.
 */
export interface StoreWriter {
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
  /** First use, or after a rebuild: sets what the vectors will be. Throws INDEX_OTHER_MODEL when it differs from what is there. */
  setIdentity(identity: IndexIdentity, modelFile: ModelFileNote): void;

  /** Before files or chunks are changed: each writer is told again. Makes all words anew where the rules have changed. */
  setWords(rules: WordRules): void;

  /** Runs `work` in one SQLite transaction; a throw rolls it back. Not nested. */
  transaction<T>(work: () => T): T;

  fileByPath(path: string): StoredFile | undefined;
  files(): Iterable<StoredFile>;
  /**
   * Replaces a file's chunks and words. Chunks whose key is known keep their vector. Counts the texts that are new to
   * the file, or gone from it.
   */
  putFile(file: FileRecord, chunks: Iterable<NewChunk>): { added: number; removed: number };
  /** The same for many files in one transaction, which lets the event loop turn: nothing else may write meanwhile. */
  putFiles(files: Iterable<FileWithChunks>): Promise<{ added: number; removed: number }>;
  /** The content is the same, the stat is not. */
  touchFile(path: string, stat: Pick<FileRecord, 'size' | 'mtimeMs' | 'inode'>): void;
  removeFile(path: string): { removed: number };
  /** Takes the place of a chunk that the model found too long: its words, text and key give way to those of the pieces, at once. */
  replaceChunk(chunkId: number, pieces: readonly NewChunk[]): void;

  counts(): StoreCounts;
  /** Distinct texts that still need a vector (those marked as problems are not counted). */
  pendingCount(): number;
  /** Up to `limit` distinct texts without a vector, in the order of files; chunks noted as problems are left out. */
  pendingChunks(limit: number, after?: number): PendingChunk[];
  /** Makes vectors durable in the staging table, in one transaction; searchable at once. Length and norm are checked (a bug of ours otherwise). */
  stageVectors(vectors: readonly { readonly key: string; readonly vector: Float32Array }[]): void;
  /** Moves full shards (`all`: also the rest) from staging to vectra shards and makes them the current generation. Resolves to the number of shards written. */
  publish(options?: { all?: boolean }): Promise<number>;
  /** Drops vectors and shards that nothing names any more (and no open reader needs), and merges small shards. */
  sweep(): Promise<void>;
  /**
   * Checks every block of every shard; texts whose vectors are damaged become pending again. Resolves to how many,
   * with those of shards that were missing or cut off when the writer was opened.
   */
  heal(): Promise<number>;

  /** Problems of whole files are replaced as a set; a chunk's problem stays until its text goes or `clearChunkProblems`. */
  setFileProblems(problems: Iterable<Problem>): void;
  noteChunkProblem(embeddingKey: string, reason: string): void;
  clearChunkProblems(): void;
  problems(): Iterable<Problem>;

  noteRun(note: RunNote): void;
  readonly generation: number;
  close(): Promise<void>;
}

/** Where an index is kept; a second implementation is a new file beside the local one and a line in the factory. */
export interface VectorStore {
  exists(): boolean;
  openReader(): Promise<StoreReader>;
  openWriter(options: { root: string; rebuild?: boolean }): Promise<StoreWriter>;
}
