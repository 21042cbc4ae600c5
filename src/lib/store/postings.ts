import { damagedWords } from './damaged-words.js';
import { type DoclistReader, findTerm, newestOf, type RowsOnPage, type TermRows } from './doclist.js';
import type { Sqlite } from './sqlite.js';
import { varints } from './varints.js';
import type { WordTable } from './word-statistics.js';
import type { Token } from './word-tokens.js';

/** In the table of data: the row of the list of segments, and how far a segment's number stands above that of a page. */
const STRUCTURE_ROW = 10;
const SEGMENT_SHIFT = 37;
/** Bytes before the numbers of that list, and what stands there where each segment has more of them: not in these tables. */
const COOKIE_BYTES = 4;
const OTHER_LIST = 0xff;

const PAGE_BYTES = 4_050;
/** So many are brought over at once: blobs of several hundred kilobytes leave memory in pieces. */
const PAGES_AT_ONCE = 24;
/** Terms: of longer texts nothing is held that can be read again. */
const LONG_QUERY = 32;

/** Before each term, in hexadecimal: FTS5 has other letters for its tables of prefixes. */
const MAIN_TABLE = '30';

interface Segment {
  readonly id: number;
  readonly firstPage: number;
  readonly lastPage: number;
}

/** A page, and what was asked of it beside. */
interface Page {
  readonly numbers: readonly [number, number, number];
  readonly page: Buffer;
}

/** One term in one segment: where its rows stand on the page that has it, and the last page that they may go on to. */
export interface Part {
  readonly segment: Segment;
  readonly place: RowsOnPage;
  readonly page: number;
  readonly lastPage: number;
  /** What stands at that place; read again where it belongs to a long text. */
  readonly bytes: Buffer | undefined;
}

/** A term that is in the table; its rows may all have been removed. */
export interface FoundTerm {
  /** What its rows take, about: some bytes for each and one for each place. */
  readonly bytes: number;
  /** The newest first. */
  readonly parts: readonly Part[];
}

/**
 * The rows of terms in one word table and one generation, out of FTS5's own pages. SQLite has a table for that,
 * fts5vocab, which brings every place of a term over as a row of its own: several times the work.
 * test/store/postings.test.ts holds the one to the other. See docs/decisions/0014.
 */
export class Postings {
  readonly #database: Sqlite;
  readonly #table: WordTable;
  readonly #doclists: DoclistReader;
  /** Where pages of a long text's terms are put together. */
  #scratch = Buffer.alloc(0);
  #known: readonly Segment[] | undefined;

  constructor(database: Sqlite, table: WordTable, doclists: DoclistReader) {
    this.#database = database;
    this.#table = table;
    this.#doclists = doclists;
  }

  /** Undefined for a token that is nowhere; what is found is for `rows`. Errors: INDEX_DAMAGED where the table is not as FTS5 writes it. */
  find(tokens: readonly Token[]): (FoundTerm | undefined)[] {
    const segments = (this.#known ??= this.#segments());
    const atOnce = Math.max(1, Math.floor(PAGES_AT_ONCE / Math.max(1, segments.length)));
    const isLong = tokens.length > LONG_QUERY;
    const terms: (FoundTerm | undefined)[] = [];
    for (let from = 0; from < tokens.length; from += atOnce) {
      for (const parts of this.#parts(tokens.slice(from, from + atOnce), segments, isLong)) {
        const bytes = parts.reduce((sum, part) => sum + sizeOf(part), 0);
        terms.push(bytes === 0 ? undefined : { bytes, parts });
      }
    }
    return terms;
  }

  /** For each token, of each segment that has it, the newest first. */
  #parts(tokens: readonly Token[], segments: readonly Segment[], isLong: boolean): Part[][] {
    const pageIndex = `${this.#table}_idx`;
    const lookups = tokens.flatMap((token) => {
      const term = Buffer.from(MAIN_TABLE + token, 'hex');
      return segments.map((segment) => ({ term, segment }));
    });
    const pages = this.#pages(
      `select lookup, page, coalesce(next, last), block from
        (select *, max(first, coalesce((select pgno >> 1 from ${pageIndex}
              where segid = segment and term <= wanted order by term desc limit 1), 0)) as page,
            (select pgno >> 1 from ${pageIndex} where segid = segment and term > wanted order by term limit 1) as next
          from (select key as lookup, value ->> 0 as segment, value ->> 1 as first, value ->> 2 as last,
              unhex(value ->> 3) as wanted from json_each(?)))
        cross join ${this.#table}_data on id = (segment << ${SEGMENT_SHIFT}) + page`,
      lookups.map(({ term, segment: { id, firstPage, lastPage } }) => [
        id,
        firstPage,
        lastPage,
        term.toString('hex'),
      ]),
      isLong,
    );
    if (pages.length !== lookups.length) throw damagedWords();
    const found: (Part | undefined)[] = Array.from({ length: lookups.length });
    for (let index = 0; index < pages.length; index++) {
      const { numbers, page } = pages[index]!;
      const lookup = lookups[numbers[0]];
      if (lookup === undefined) throw damagedWords();
      const place = findTerm(page, lookup.term);
      if (place === undefined) continue;
      // A copy: all pages together would be held for as long as one of them is.
      const bytes = isLong ? undefined : Buffer.from(page.subarray(place.start, place.end));
      found[numbers[0]] = { segment: lookup.segment, place, page: numbers[1], lastPage: numbers[2], bytes };
    }
    return tokens.map((_token, index) =>
      found
        .slice(index * segments.length, (index + 1) * segments.length)
        .filter((part) => part !== undefined),
    );
  }

  /** All rows of each of the terms, until it is called again. Errors: INDEX_DAMAGED. */
  rows(terms: readonly FoundTerm[]): TermRows[] {
    this.#doclists.reset();
    const goingOn = terms
      .flatMap(({ parts }) => parts)
      .filter(({ bytes, place, page, lastPage }) => bytes !== undefined && !place.isWhole && page < lastPage);
    const others = new Map(this.#pagesBehind(goingOn).map((pages, index) => [goingOn[index], pages]));
    return terms.map(({ parts }) =>
      newestOf(
        parts.map((part) =>
          part.bytes === undefined
            ? this.#rowsOfLong(part)
            : this.#doclists.read(part.bytes, others.get(part) ?? []),
        ),
      ),
    );
  }

  #rowsOfLong({ segment, place, page, lastPage }: Part): TermRows {
    const range = pagesIn(segment, page, place.isWhole ? page : lastPage);
    const [first, ...others] = this.#pagesOf([range], true)[0]!;
    return this.#doclists.read(first!.subarray(place.start, place.end), others);
  }

  #pagesBehind(parts: readonly Part[]): Buffer[][] {
    if (parts.length === 0) return [];
    const ranges = parts.map(({ segment, page, lastPage }) => pagesIn(segment, page + 1, lastPage));
    return this.#pagesOf(ranges, false);
  }

  /** The pages of each range. */
  #pagesOf(ranges: readonly PageRange[], isLong: boolean): Buffer[][] {
    const ofRange = ranges.map((): Buffer[] => []);
    for (const some of portions(ranges)) {
      const pages = this.#pages(
        `select range, id, 0, block from
          (select value ->> 0 as range, value ->> 1 as first, value ->> 2 as last from json_each(?))
          cross join ${this.#table}_data on id between first and last order by id`,
        some,
        isLong,
      );
      for (let index = 0; index < pages.length; index++) {
        const { numbers, page } = pages[index]!;
        ofRange[numbers[0]]!.push(isLong ? Buffer.from(page) : page);
      }
    }
    for (const [index, pages] of ofRange.entries())
      if (pages.length !== ranges[index]![1] - ranges[index]![0] + 1) throw damagedWords();
    return ofRange;
  }

  /**
   * Of a query that gives three numbers and a page in each row. As one blob, as texts of chunks come (see chunks.ts); for a
   * long text as a string, whose pages hold until the next call: the memory of a blob is not free before the event loop turns.
   */
  #pages(sql: string, wanted: unknown, isLong: boolean): Page[] {
    const blob = `cast(group_concat(cast(block as text), '') as blob)`;
    const [list, joined] = this.#database.get(
      `with pages(a, b, c, block) as (${sql}) select json_group_array(json_array(a, b, c, length(block))),
        ${isLong ? `hex(${blob})` : blob} from pages`,
      JSON.stringify(wanted),
    ) as [string, Buffer | string | null];
    const rows = JSON.parse(list) as [number, number, number, bytes: number][];
    const bytes = typeof joined === 'string' ? this.#inScratch(joined) : (joined ?? Buffer.alloc(0));
    if (bytes.length !== rows.reduce((sum, row) => sum + row[3], 0)) throw damagedWords(); // a page that is none
    const pages: Page[] = [];
    for (let index = 0, end = 0; index < rows.length; index++) {
      const row = rows[index]!;
      pages.push({ numbers: [row[0], row[1], row[2]], page: bytes.subarray(end, (end += row[3])) });
    }
    return pages;
  }

  #inScratch(hex: string): Buffer {
    if (this.#scratch.length < hex.length / 2) this.#scratch = Buffer.alloc(hex.length / 2);
    return this.#scratch.subarray(0, this.#scratch.write(hex, 'hex'));
  }

  /** The newest first: what it says of a row is what counts. */
  #segments(): Segment[] {
    const sql = `select block from ${this.#table}_data where id = ${STRUCTURE_ROW}`;
    const block = this.#database.get(sql)?.[0];
    if (!Buffer.isBuffer(block) || block[COOKIE_BYTES] === OTHER_LIST) throw damagedWords();
    const numbers = varints(block.subarray(COOKIE_BYTES));
    const [levels = 0] = numbers;
    const segments: Segment[] = [];
    let at = 3; // behind the numbers of levels, of segments, and of writes
    for (let level = 0; level < levels; level++) {
      const count = numbers[at + 1]; // behind that of the segments that are being merged
      if (count === undefined) throw damagedWords();
      at += 2;
      for (let index = at + 3 * (count - 1); index >= at; index -= 3) {
        const [id, firstPage, lastPage] = numbers.slice(index, index + 3);
        if (lastPage === undefined) throw damagedWords();
        // Without pages: all of its terms have gone into a merge that has not ended.
        if (firstPage !== 0) segments.push({ id: id!, firstPage: firstPage!, lastPage });
      }
      at += 3 * count;
    }
    return segments;
  }
}

/** Row numbers of pages in the table of data. */
type PageRange = readonly [first: number, last: number];

function pagesIn({ id }: Segment, first: number, last: number): PageRange {
  const start = id * 2 ** SEGMENT_SHIFT;
  return [start + first, start + last];
}

/** Parts of ranges, each with the range's number, in portions that are brought over at once. */
function portions(ranges: readonly PageRange[]): [range: number, first: number, last: number][][] {
  const portions: [range: number, first: number, last: number][][] = [[]];
  let room = PAGES_AT_ONCE;
  for (const [range, [start, last]] of ranges.entries()) {
    for (let first = start; first <= last;) {
      if (room === 0) {
        portions.push([]);
        room = PAGES_AT_ONCE;
      }
      const end = Math.min(last, first + room - 1);
      portions.at(-1)!.push([range, first, end]);
      room -= end - first + 1;
      first = end + 1;
    }
  }
  return portions;
}

function sizeOf({ place, page, lastPage }: Part): number {
  return place.end - place.start + (place.isWhole ? 0 : (lastPage - page) * PAGE_BYTES);
}
