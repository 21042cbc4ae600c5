/** Why a file was left out. */
export type SkipReason =
  | 'ignored'
  | 'hidden'
  | 'secret'
  | 'binary'
  | 'too-large'
  | 'not-readable'
  | 'minified'
  | 'generated'
  | 'not-text'
  | 'not-a-file'
  | 'outside-root'
  | 'changed-while-reading'
  | 'vanished';

/** A file that the walk found. `path` is relative to the root, with `/` on every system. */
export interface FoundFile {
  readonly kind: 'file';
  readonly path: string;
  readonly absolutePath: string;
  /** bytes */
  readonly size: number;
  /** milliseconds since the epoch, as the file system gives it */
  readonly mtimeMs: number;
  readonly inode: number;
}

/** A file or folder that the walk left out; for a folder, `path` ends with `/` and stands for all below it. */
export interface SkippedEntry {
  readonly kind: 'skipped';
  readonly path: string;
  readonly reason: SkipReason;
  readonly detail?: string;
}

export type WalkEntry = FoundFile | SkippedEntry;

export interface WalkOptions {
  readonly root: string;
  /** Only files that one of these globs matches (relative to the root); empty means all. */
  readonly include?: readonly string[];
  /** Files and folders that one of these globs matches are left out. */
  readonly exclude?: readonly string[];
  /** bytes; larger files are left out as `too-large` */
  readonly maxFileSize?: number;
  /** Folders that are never entered, absolute (the index itself). */
  readonly neverEnter?: readonly string[];
  /**
   * Nothing but these paths, with all that is below them (relative to the root, no `/` at the end; the empty path is
   * the root). What is not there gives no entry.
   */
  readonly only?: readonly string[];
  /**
   * Called with each folder that is gone through (below the root, ends with `/`, the root is empty). True has its
   * names read again: for who begins to watch it only now.
   */
  readonly onFolder?: ((path: string, absolutePath: string) => boolean) | undefined;
}

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export type ReadOutcome =
  | {
      readonly ok: true;
      readonly text: string;
      readonly encoding: Encoding;
      /** hex SHA-256 of the bytes on disk */
      readonly hash: string;
    }
  | { readonly ok: false; readonly reason: SkipReason; readonly detail?: string };

export type ContentKind = 'code' | 'markdown' | 'prose';

/** One piece of a file: whole lines unless a single line is longer than the limit. */
export interface Chunk {
  /** 0, 1, 2... within the file */
  readonly ordinal: number;
  /** 1-based, inclusive */
  readonly startLine: number;
  readonly endLine: number;
  /** The text as it stands in the file. */
  readonly text: string;
  /** Code: the innermost named definition that holds most of the chunk; Markdown: the heading that it stands under. */
  readonly symbol?: string;
}

/** Counts the tokens of a text, without the special tokens that a model adds around it. */
export type CountTokens = (text: string) => number;

export interface ChunkOptions {
  readonly path: string;
  readonly language: string;
  readonly countTokens: CountTokens;
  /** The most tokens that a chunk's embedded text may have, overlap and header included, special tokens not. */
  readonly maxTokens: number;
  /** About how many tokens of the chunk before are repeated where a long run of text had to be cut. */
  readonly overlapTokens: number;
}
