// Pages of FTS5's segments, as ext/fts5/fts5_index.c of SQLite describes them at its head: two numbers of two bytes each, then
// terms and their rows, then where on the page each term starts. A term is stored as far as it differs from the one before
// it; a row as its distance from the one before it, the bytes of its places, and these.
import { keepShape } from '../memory/keep-shape.js';
import { damagedWords } from './damaged-words.js';

/** A posting list: the rows with a term, ascending, and how often it stands in each. */
export interface TermRows {
  readonly ids: Float64Array;
  readonly counts: Uint32Array;
}

/** Where a term's rows stand on the page that has the term. */
export interface RowsOnPage {
  readonly start: number;
  readonly end: number;
  /** Another term follows on the page: no further one has rows of this term. */
  readonly isWhole: boolean;
}

const HEAD_BYTES = 4;
/** Among places, what precedes the number of a column. */
const COLUMN = 1;

const NO_ROWS: TermRows = { ids: new Float64Array(0), counts: new Uint32Array(0) };

/** Undefined where the page does not have the term. */
export function findTerm(page: Uint8Array, term: Uint8Array): RowsOnPage | undefined {
  const endOfRows = endOfRowsOn(page);
  const footer = new Cursor(page, endOfRows);
  const entry = new Cursor(page, 0);
  /** So many bytes of the term are those of the last one that was before it. */
  let same = 0;
  for (let start = 0, isFirst = true; footer.at < page.length; isFirst = false) {
    start += footer.next();
    entry.at = start;
    const kept = isFirst ? 0 : entry.next();
    const added = entry.next();
    if (kept < same) return undefined;
    if (kept > same) continue; // it differs from the term where the one before it does
    let index = 0;
    while (index < added && same < term.length && page[entry.at + index] === term[same]) {
      index++;
      same++;
    }
    if (same < term.length && (index === added || page[entry.at + index]! < term[same]!)) continue;
    if (same < term.length || index < added) return undefined;
    const isWhole = footer.at < page.length;
    return { start: entry.at + added, end: isWhole ? start + footer.next() : endOfRows, isWhole };
  }
  return undefined;
}

/** Rows: memory of more is given up by the next query. */
const MOST_KEPT = 32_768;

/**
 * Reads the rows of one term after the other, into memory that stays: of arrays of their own, made and given up by every
 * query, the process keeps several megabytes in pieces.
 */
export class DoclistReader {
  #ids = new Float64Array(1_024);
  #counts = new Uint32Array(1_024);
  /** Where the list that is being read starts and ends. */
  #start = 0;
  #length = 0;
  #row = -1;
  /** Of the last row's places, bytes on the next page. */
  #left = 0;
  #isColumnNext = false;

  /**
   * `first`: the rows on the page that has the term; `others`: the pages after it, as far as its rows may go. Of a row that
   * was removed, the count is 0. What is returned holds until `reset`. Errors: INDEX_DAMAGED.
   */
  read(first: Uint8Array, others: readonly Uint8Array[]): TermRows {
    this.#start = this.#length;
    this.#left = 0;
    this.#row = -1;
    this.#readRows(first, 0, first.length);
    for (const page of others) if (this.#readPage(page)) break;
    if (this.#left > 0) throw damagedWords();
    return {
      ids: this.#ids.subarray(this.#start, this.#length),
      counts: this.#counts.subarray(this.#start, this.#length),
    };
  }

  /** Before the rows of the next query. */
  reset(): void {
    this.#start = 0;
    this.#length = 0;
    if (this.#ids.length > MOST_KEPT) this.#makeRoom(MOST_KEPT);
  }

  /** Of a page after the first one; true when the term's rows end on it. */
  #readPage(page: Uint8Array): boolean {
    const endOfRows = endOfRowsOn(page);
    const firstRow = page[0]! * 256 + page[1]!;
    const firstTerm = endOfRows < page.length ? new Cursor(page, endOfRows).next() : undefined;
    const end = firstTerm ?? endOfRows;
    const here = Math.min(this.#left, end - HEAD_BYTES);
    this.#count(page, HEAD_BYTES, HEAD_BYTES + here);
    this.#left -= here;
    // Places may end with the page, and rows go on on the next one.
    if (firstRow === 0) return firstTerm !== undefined;
    if (firstRow !== HEAD_BYTES + here) throw damagedWords();
    this.#row = -1; // the first row of a page is stored whole
    this.#readRows(page, firstRow, end);
    return firstTerm !== undefined;
  }

  /** One loop, with the integers of variable length read in place: most of a search of many chunks by words is spent here. */
  #readRows(page: Uint8Array, start: number, end: number): void {
    let ids = this.#ids;
    let counts = this.#counts;
    let length = this.#length;
    let row = this.#row;
    let last = length > this.#start ? ids[length - 1]! : -1;
    for (let at = start; at < end;) {
      let byte = page[at++]!;
      let distance = byte & 127;
      while (byte > 127) {
        byte = page[at++]!;
        distance = distance * 128 + (byte & 127);
      }
      byte = page[at++]!;
      let size = byte & 127;
      while (byte > 127) {
        byte = page[at++]!;
        size = size * 128 + (byte & 127);
      }
      row = row === -1 ? distance : row + distance;
      if (!(row > last) || at > end) throw damagedWords();
      last = row;
      const places = size >> 1; // the lowest bit: it has been removed
      const endOfPlaces = Math.min(at + places, end);
      this.#left = places - (endOfPlaces - at);
      let isColumnNext = false;
      let count = 0;
      while (at < endOfPlaces) {
        byte = page[at++]!;
        if (byte > 127) while (page[at++]! > 127);
        if (isColumnNext) isColumnNext = false;
        else if (byte === COLUMN) isColumnNext = true;
        else count++;
      }
      at = endOfPlaces;
      this.#isColumnNext = isColumnNext;
      if (length === ids.length) {
        this.#length = length;
        this.#makeRoom(2 * length);
        ids = this.#ids;
        counts = this.#counts;
        length = this.#length;
      }
      ids[length] = row;
      counts[length++] = count;
    }
    this.#length = length;
    this.#row = row;
  }

  /** The list at hand moves along; those before it keep what they have. */
  #makeRoom(rows: number): void {
    const [ids, counts] = [this.#ids, this.#counts];
    this.#ids = new Float64Array(rows);
    this.#ids.set(ids.subarray(this.#start, this.#length));
    this.#counts = new Uint32Array(rows);
    this.#counts.set(counts.subarray(this.#start, this.#length));
    this.#length -= this.#start;
    this.#start = 0;
  }

  /** Adds places to those of the last row. */
  #count(page: Uint8Array, start: number, end: number): void {
    let isColumnNext = this.#isColumnNext;
    let count = 0;
    for (let at = start; at < end;) {
      const byte = page[at++]!;
      if (byte > 127) while (page[at++]! > 127);
      if (isColumnNext) isColumnNext = false;
      else if (byte === COLUMN) isColumnNext = true;
      else count++;
    }
    this.#isColumnNext = isColumnNext;
    this.#counts[this.#length - 1]! += count;
  }
}

class Cursor {
  readonly #page: Uint8Array;
  at: number;

  constructor(page: Uint8Array, at: number) {
    this.#page = page;
    this.at = at;
  }

  /** An integer of variable length. */
  next(): number {
    let byte = this.#page[this.at++]!;
    if (byte < 128) return byte;
    let value = byte & 127;
    do {
      byte = this.#page[this.at++]!;
      value = value * 128 + (byte & 127);
    } while (byte > 127);
    return value;
  }
}

function endOfRowsOn(page: Uint8Array): number {
  const end = page[2]! * 256 + page[3]!;
  if (!(end >= HEAD_BYTES && end <= page.length)) throw damagedWords();
  return end;
}

/** `lists`: of one term, the newest first; where a row is in several, the first one says how often. */
export function newestOf(lists: readonly TermRows[]): TermRows {
  const some = lists.filter(({ ids }) => ids.length > 0);
  if (some.length === 0) return NO_ROWS;
  return withoutRemoved(some.length === 1 ? some[0]! : (joined(some) ?? some.reduceRight(merged)));
}

/** Segments mostly follow each other: undefined where they do not. */
function joined(lists: readonly TermRows[]): TermRows | undefined {
  const ordered = lists.toSorted((one, other) => one.ids[0]! - other.ids[0]!);
  if (ordered.some(({ ids }, index) => index > 0 && ids[0]! <= ordered[index - 1]!.ids.at(-1)!))
    return undefined;
  const rows = withRoomFor(ordered);
  let end = 0;
  for (const { ids, counts } of ordered) {
    rows.ids.set(ids, end);
    rows.counts.set(counts, end);
    end += ids.length;
  }
  return rows;
}

function merged(older: TermRows, newer: TermRows): TermRows {
  const { ids, counts } = withRoomFor([older, newer]);
  let length = 0;
  for (let left = 0, right = 0; left < older.ids.length || right < newer.ids.length;) {
    const old = older.ids[left] ?? Infinity;
    const fresh = newer.ids[right] ?? Infinity;
    ids[length] = Math.min(old, fresh);
    counts[length++] = fresh <= old ? newer.counts[right]! : older.counts[left]!;
    if (old <= fresh) left++;
    if (fresh <= old) right++;
  }
  return { ids: ids.subarray(0, length), counts: counts.subarray(0, length) };
}

function withRoomFor(lists: readonly TermRows[]): TermRows {
  const length = lists.reduce((sum, { ids }) => sum + ids.length, 0);
  return { ids: new Float64Array(length), counts: new Uint32Array(length) };
}

function withoutRemoved(rows: TermRows): TermRows {
  const { ids, counts } = rows;
  if (!counts.includes(0)) return rows;
  let kept = 0;
  for (let index = 0; index < ids.length; index++) {
    if (counts[index] === 0) continue;
    ids[kept] = ids[index]!;
    counts[kept++] = counts[index]!;
  }
  return { ids: ids.subarray(0, kept), counts: counts.subarray(0, kept) };
}

keepShape(new Cursor(new Uint8Array(0), 0));
