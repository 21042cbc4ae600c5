import { PartOfTree } from '../corpus/part-of-tree.js';
import { comparePaths } from '../corpus/path-order.js';
import { READING_RULES, readText } from '../corpus/read-text.js';
import type { FoundFile, SkippedEntry, WalkOptions } from '../corpus/types.js';
import { walk } from '../corpus/walk.js';
import { sameStat, type FileStat } from '../store/same-stat.js';
import type { KnownFiles, LeftOutFile, PathRange } from '../store/types.js';

/** One path of which the disk or the index knows. */
export type Difference =
  /** As far as the file system tells, the file that was indexed. */
  | { readonly kind: 'same'; readonly path: string; readonly file: FoundFile }
  /** What is in the file decides. */
  | {
      readonly kind: 'look';
      readonly file: FoundFile;
      /** `unsure`: it looks as it did, but was written when it was last read. */
      readonly known: 'no' | 'changed' | 'unsure';
      readonly isLeftOut: boolean;
    }
  /**
   * Not indexed. `file` where what is in it was the reason, `isNews` where the index does not know the reason yet. An old
   * entry goes by a difference of its own, or stays.
   */
  | {
      readonly kind: 'left-out';
      readonly entry: SkippedEntry;
      readonly file?: FoundFile;
      readonly isNews: boolean;
    }
  /** Indexed, and not to be any more. */
  | { readonly kind: 'gone'; readonly path: string }
  /** It was left out for a reason that is gone. */
  | { readonly kind: 'forgotten'; readonly path: string };

/** What kept an earlier version of a file from being compared; its old entry stays until it can be read again. */
export const KEEPS_OLD_ENTRY = new Set<string>(['not-readable', 'changed-while-reading']);

/** Left out because the user said so, or not there at all, as opposed to something about the file: not remembered. */
const NOT_REMEMBERED = new Set<string>(['ignored', 'hidden', 'vanished']);

/**
 * Milliseconds. A file that was written so shortly before it was read may have been written again without its time
 * having moved: FAT counts in 2 s, others in the 10 ms of a kernel's tick. Source: git's racy-git.txt.
 */
const COARSEST_FILE_TIME = 2_000;

/**
 * Compares what a walk finds with what an index knows, both in the order of their paths, so that neither is ever in
 * memory whole. Reads no file. Errors: those of `walk` and of the index.
 */
export async function* compareFiles(index: KnownFiles, options: WalkOptions): AsyncGenerator<Difference> {
  const ranges = options.only === undefined ? [ALL] : new PartOfTree(options.only).ranges();
  const indexed = new Cursor(ranges, (range) => index.knownFiles(range));
  const leftOut = new Cursor(ranges, (range) => index.leftOut(range));
  const isSafe = judgeOfTimes(index);
  const isSameRules = index.lastLook?.rules === READING_RULES;
  let kept = '';

  function* passOver(path: string | undefined): Generator<Difference> {
    for (const each of indexed.before(path))
      if (!isBelow(each.path, kept)) yield { kind: 'gone', path: each.path };
    for (const each of leftOut.before(path))
      if (!isBelow(each.path, kept)) yield { kind: 'forgotten', path: each.path };
  }

  for await (const entry of walk(options)) {
    yield* passOver(entry.path);
    const file = indexed.take(entry.path);
    const omission = leftOut.take(entry.path);
    if (entry.kind === 'skipped') {
      const keeps = KEEPS_OLD_ENTRY.has(entry.reason);
      if (keeps && entry.path.endsWith('/')) kept = entry.path;
      if (file !== undefined && !keeps) yield { kind: 'gone', path: entry.path };
      const isRemembered = !NOT_REMEMBERED.has(entry.reason);
      if (omission !== undefined && !isRemembered) yield { kind: 'forgotten', path: entry.path };
      yield { kind: 'left-out', entry, isNews: isRemembered && !isSameOmission(omission, entry) };
    } else if (sameStat(file, entry) && isSafe(entry)) {
      if (omission !== undefined) yield { kind: 'forgotten', path: entry.path };
      yield { kind: 'same', path: entry.path, file: entry };
    } else if (isSameRules && omission?.stat && sameStat(omission.stat, entry) && isSafe(entry)) {
      if (file !== undefined) yield { kind: 'gone', path: entry.path };
      yield { kind: 'left-out', entry: skippedAs(omission), file: entry, isNews: false };
    } else {
      const known = file === undefined ? 'no' : sameStat(file, entry) ? 'unsure' : 'changed';
      yield { kind: 'look', file: entry, known, isLeftOut: omission !== undefined };
    }
  }
  yield* passOver(undefined);
}

/** Where only the content can tell, and it tells what the index knows: the same text, or again none that can be read. */
export async function isAsKnown(
  index: KnownFiles,
  { file, known, isLeftOut }: Extract<Difference, { kind: 'look' }>,
): Promise<boolean> {
  if (known === 'changed' || (known === 'no' && !isLeftOut)) return false;
  const read = await readText(file);
  return read.ok ? read.hash === index.fileByPath(file.path)?.hash : known === 'no';
}

const ALL: PathRange = { from: '', to: '\u{10FFFF}' };

/** Would a change since the file was last read show in its time? Where no look was ever finished, nobody knows. */
function judgeOfTimes({ lastLook }: KnownFiles): (file: Pick<FileStat, 'mtimeMs'>) => boolean {
  const safeBefore = lastLook === null ? -Infinity : lastLook.startedAt - COARSEST_FILE_TIME;
  return ({ mtimeMs }) => mtimeMs < safeBefore;
}

function isSameOmission(known: LeftOutFile | undefined, { reason, detail }: SkippedEntry): boolean {
  return (
    known !== undefined && known.reason === reason && known.detail === detail && known.stat === undefined
  );
}

function skippedAs({ path, reason, detail }: LeftOutFile): SkippedEntry {
  const known = { kind: 'skipped' as const, path, reason: reason as SkippedEntry['reason'] };
  return detail === undefined ? known : { ...known, detail };
}

function isBelow(path: string, folder: string): boolean {
  return folder !== '' && path.startsWith(folder);
}

/** Rows in order of path, taken as the walk comes to them. */
class Cursor<Row extends { readonly path: string }> {
  readonly #rows: Iterator<Row>;
  #next: Row | undefined;

  constructor(ranges: readonly PathRange[], rowsOf: (range: PathRange) => Iterable<Row>) {
    this.#rows = inTurn(ranges, rowsOf);
    this.#advance();
  }

  /** Those that the walk has passed: all that are left without a path. */
  *before(path: string | undefined): Generator<Row> {
    for (let row = this.#next; row !== undefined; row = this.#next) {
      if (path !== undefined && comparePaths(row.path, path) >= 0) return;
      this.#advance();
      yield row;
    }
  }

  take(path: string): Row | undefined {
    if (this.#next?.path !== path) return undefined;
    const row = this.#next;
    this.#advance();
    return row;
  }

  #advance(): void {
    const { value, done } = this.#rows.next();
    this.#next = done === true ? undefined : value;
  }
}

function* inTurn<Row>(
  ranges: readonly PathRange[],
  rowsOf: (range: PathRange) => Iterable<Row>,
): Generator<Row, undefined> {
  for (const range of ranges) yield* rowsOf(range);
  return undefined;
}
