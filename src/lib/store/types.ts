import type { FileStat } from './same-stat.js';
import type { LockWait } from './writer-lock.js';

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
  /** Where vectors are cut: from how many numbers, and how. */
  readonly embeddingLength?: number;
  readonly cut?: string;
  /** The special token that ends every text, where the model's file does not decide that. */
  readonly lastToken?: string;
}

/** How to find the model again without hashing it, kept beside the identity. */
export interface ModelFileNote {
  readonly path: string;
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Which runtime the last run had, with its version: another one may manage texts that this one did not. */
  readonly runtime?: string;
  /** The types of its weights, which decide on the CPU library of a small process. */
  readonly weightTypes?: readonly string[];
  /** Each of its tokens sees only those before it, so that a text can be fed in slices. */
  readonly isCausal?: boolean;
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

/** A file as a look at the disk compares it. */
export type KnownFile = Pick<FileRecord, 'path' | 'size' | 'mtimeMs' | 'inode'>;

/** A file without text to index, with what it looked like when that was found; without it, it is looked at again. */
export interface LeftOutFile {
  readonly path: string;
  readonly reason: string;
  readonly detail?: string;
  readonly stat?: FileStat;
}

/** Paths from `from` (inclusive) to `to` (exclusive) by the bytes of their UTF-8. */
export interface PathRange {
  readonly from: string;
  readonly to: string;
}

/** The last look at every file that was to be indexed. */
export interface LookNote {
  /** When it began, milliseconds since the epoch: what was written since may look as it did then. */
  readonly startedAt: number;
  /** By which rules files were found to be without text to index. */
  readonly rules: string;
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

/** Where a chunk stands, without its text. */
export type ChunkPlace = Pick<StoredChunk, 'id' | 'fileId' | 'path' | 'startLine' | 'symbol'>;

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
  readonly score: number;
}

/** What was found by words, the best first, as two columns: an object for each of thousands would be garbage at the next query. */
export interface WordScores {
  /** Of chunks, or of files. */
  readonly ids: Float64Array;
  /** BM25: higher is better. */
  readonly scores: Float64Array;
}

export interface VectorSearchOptions {
  readonly limit: number;
  readonly filter?: SearchFilter | undefined;
  /** Scan every vector instead of the candidates that the sketch gives. */
  readonly exact?: boolean;
  /** Called where vectors are damaged or missing: those that are found are not all; `warnings` says more. */
  readonly onUnreadable?: (() => void) | undefined;
}

export interface WordSearchOptions {
  readonly limit: number;
  readonly filter?: SearchFilter | undefined;
}

/** Bytes on disk by part. */
export interface StoreBytes {
  readonly database: number;
  readonly vectors: number;
  readonly other: number;
  readonly total: number;
}

/** What reading all of an index found. */
export interface Soundness {
  readonly shards: number;
  readonly damagedShards: number;
  /** What SQLite says of its file; null when that is sound. */
  readonly database: string | null;
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

/** What a look at the disk compares it with. */
export interface KnownFiles {
  /** Those of a range, in order of path. */
  knownFiles(range: PathRange): Iterable<KnownFile>;
  fileByPath(path: string): StoredFile | undefined;
  /** Files that were left out for a reason of their own, in order of path. */
  leftOut(range: PathRange): Iterable<LeftOutFile>;
  readonly lastLook: LookNote | null;
  /** By which rules all files that are in were cut into chunks; null where nobody has said. */
  readonly chunkRules: string | null;
}

/**
 * One generation of an index, held for as long as the reader is open: what it answers does not change
 * under a writer. Errors: INDEX_MISSING, INDEX_NEWER_FORMAT, INDEX_DAMAGED, and those of the machine.
 */
export interface StoreReader extends KnownFiles {
  readonly generation: number;
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
  /** Absolute path of the folder that was indexed, as of the last run. */
  readonly root: string;
  readonly lastRun: RunNote | null;
  /** What is wrong but does not keep it from answering: a damaged shard that was passed over. */
  readonly warnings: readonly string[];

  /**
   * Lets go of the generation, which costs disk space while a writer is at work, between two pieces of work of a
   * process that lives long. Until `resume` only the fields may be read.
   */
  pause(): void;
  /**
   * The newest generation: this reader where nothing was committed meanwhile, else the one that takes its place.
   * Cheap enough before every search. Errors: as of `openReader`.
   */
  resume(): StoreReader;

  counts(): StoreCounts;
  countsByLanguage(): { language: string; files: number; chunks: number }[];
  /** Of up to `most` files, spread over the index: of all where there are no more. Counting takes as long as there are files. */
  sampleLanguages(most: number): string[];
  bytes(): Promise<StoreBytes>;
  problems(): Iterable<Problem>;
  files(): Iterable<StoredFile>;
  /** In the order of the ids. */
  filePaths(ids: readonly number[]): string[];

  /** Cosine similarity with a unit vector, best first. Staged vectors count too. */
  searchVectors(vector: Float32Array, options: VectorSearchOptions): Promise<ChunkScore[]>;
  /** BM25 of any of `terms` (bare words or phrases of bare words; never FTS5 syntax) over chunks; equal ones by id. */
  searchChunkWords(terms: readonly string[], options: WordSearchOptions): WordScores;
  /** The same over whole files. */
  searchFileWords(terms: readonly string[], options: WordSearchOptions): WordScores;
  /** How many chunks hold the term in any field; 0 when none. Of thousands an estimate may do. */
  documentFrequency(term: string): number;

  chunks(ids: readonly number[]): StoredChunk[];
  /** Where they stand, without their texts; in the order of the ids, those that are not there left out. */
  places(ids: readonly number[]): ChunkPlace[];
  chunksOfFile(fileId: number): Iterable<StoredChunk>;
  /** Up to `count` chunks that have a vector, taken at random. */
  sampleWithVectors(count: number): StoredChunk[];
  /** Reads everything: every page of the database, every block of every shard. Ends early when `signal` aborts. */
  verify(signal?: AbortSignal): Promise<Soundness>;
  /** The vector of a chunk, or undefined while it has none or, which `onUnreadable` is told, where it is damaged or missing. */
  vectorOf(chunkId: number, onUnreadable?: () => void): Promise<Float32Array | undefined>;
  /** How many shards are not there, without reading any: cheap enough for a status. They stand in `warnings`. */
  missingShards(): number;
  /**
   * Holds the next so many bytes of what reading does not check by itself against their checksums; what does not fit stands
   * in `warnings` from then on. False when nothing is left to check, for a while.
   */
  checkMore(bytes: number): boolean;
  /** An error that reading gave and that is none of the user's: INDEX_DAMAGED where damage explains it, else itself. */
  explain(error: unknown): unknown;
  close(): void;
}

export interface ChunkProblem {
  readonly embeddingKey: string;
  readonly reason: string;
}

/**
 * The one writer of an index. Opening takes the lock (INDEX_LOCKED names the pid that holds it) and sweeps what a
 * killed run left. Errors as of the reader, and NO_SPACE, NO_PERMISSION.
 */
export interface StoreWriter extends KnownFiles {
  readonly identity: IndexIdentity | null;
  readonly modelFile: ModelFileNote | null;
  /** First use, or after a rebuild: sets what the vectors will be. Throws INDEX_OTHER_MODEL when it differs from what is there. */
  setIdentity(identity: IndexIdentity, modelFile: ModelFileNote): void;

  /**
   * Before files or chunks are changed: each writer is told again. Where the rules have changed it makes all words anew
   * in one transaction, which lets the event loop turn: nothing else may write meanwhile. Else it is done at once.
   */
  setWords(rules: WordRules): Promise<void>;

  /** Runs `work` in one SQLite transaction; a throw rolls it back. Not nested. */
  transaction<T>(work: () => T): T;

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
  /** The same for many, as `putFiles`. */
  removeFiles(paths: Iterable<string>): Promise<{ removed: number }>;
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
  /** After many words have come or gone: has searches by words find them in one place. Stops between two steps; the next call goes on. */
  tidyWords(signal?: AbortSignal): Promise<void>;
  /** Drops vectors and shards that nothing names any more (and no open reader needs), and merges small shards. */
  sweep(): Promise<void>;
  /**
   * Checks every block of every shard; texts whose vectors are damaged become pending again. Resolves to how many,
   * with those of shards that were missing or cut off when the writer was opened.
   */
  heal(): Promise<number>;

  /** Remembers files that are left out (in place of what was known of these paths), and forgets those of `gone`. */
  noteLeftOut(files: Iterable<LeftOutFile>, gone?: Iterable<string>): void;
  /** Of a look at every file; when it is over. */
  noteLook(note: LookNote): void;
  noteChunkRules(rules: string): void;
  /** Until its text goes or `clearChunkProblems`. */
  noteChunkProblem(embeddingKey: string, reason: string): void;
  /** The texts that are noted as problems, and why. */
  chunkProblems(): ChunkProblem[];
  /** These texts are pending again; all where left out. */
  clearChunkProblems(embeddingKeys?: readonly string[]): void;
  problems(): Iterable<Problem>;

  noteRun(note: RunNote): void;
  readonly generation: number;
  /** What was found wrong when it was opened, and what was done about it. */
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface OpenWriterOptions {
  readonly root: string;
  /** Forget what is there with the first commit. */
  readonly rebuild?: boolean;
  /**
   * For a change of a few files, which must not cost a reading of all of index.db: it is neither made nor mended here
   * (INDEX_MISSING, INDEX_DAMAGED), and compared only where the file system says that it was touched.
   */
  readonly isSmall?: boolean;
  /** For another writer to end; not at all where left out. */
  readonly wait?: LockWait | undefined;
}

/** Where an index is kept; a second implementation is a new file beside the local one and a line in the factory. */
export interface VectorStore {
  /** Errors: of the system, where it does not say. */
  exists(): boolean;
  openReader(): Promise<StoreReader>;
  openWriter(options: OpenWriterOptions): Promise<StoreWriter>;
}
