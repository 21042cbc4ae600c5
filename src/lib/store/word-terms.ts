import { RecentlyUsed } from '../memory/recently-used.js';
import type { TermRows } from './doclist.js';
import type { FoundTerm, Postings } from './postings.js';
import type { WordStatistics } from './word-statistics.js';
import type { WordTokens } from './word-tokens.js';

/** A longer text gives its rarest. */
const MOST_TERMS = 1_000;
/** How many rows have a term is kept for so many. */
const MOST_KNOWN = 4_000;

/**
 * How many rows a query may score if the terms that are not in more of them suffice, and that times the square root of
 * all: where a term is everywhere it hardly counts. See docs/decisions/0014.
 */
const MOST_SCORED = 2_000;
const MOST_SCORED_PER_ROOT = 13;

/** A term whose rows and places take more is left to FTS5, and so are the most common of a long text: a megabyte of numbers. */
const MOST_BYTES = 128 * 1024;
const MOST_BYTES_TOGETHER = 512 * 1024;
/** What a row of a phrase takes, which is not looked up. */
const BYTES_OF_ROW = 4;

/** The most rows that a query scores of so many: a whole number, since SQLite takes no other limit. */
export function mostScoredOf(rows: number): number {
  return Math.max(MOST_SCORED, Math.floor(MOST_SCORED_PER_ROOT * Math.sqrt(rows)));
}

export interface Term {
  readonly term: string;
  /** An estimate where `list` is left out: the term stands in too many places, or is a phrase. */
  readonly rows: number;
  readonly list: TermRows | undefined;
  readonly isPhrase: boolean;
}

export interface Terms {
  /** One of these a row must have to be found. */
  readonly telling: readonly Term[];
  /** These count where such a row has them too: with them more rows would be scored than is allowed. */
  readonly common: readonly Term[];
}

interface FoundInQuery {
  readonly term: string;
  readonly found: FoundTerm | undefined;
  readonly bytes: number;
  readonly isPhrase: boolean;
  /** In the query. */
  readonly place: number;
}

/** The terms of one word table: which rows have them, or how many. */
export class WordTerms {
  readonly #statistics: WordStatistics;
  readonly #postings: Postings;
  readonly #tokens: WordTokens;
  readonly #rowsWith = new RecentlyUsed<string, number>(MOST_KNOWN);

  constructor(statistics: WordStatistics, postings: Postings, tokens: WordTokens) {
    this.#statistics = statistics;
    this.#postings = postings;
    this.#tokens = tokens;
  }

  /** How many rows have the term: an estimate for a phrase, and for one that stands in too many places to be read. */
  rowsWith(term: string): number {
    const known = this.#rowsWith.get(term);
    if (known !== undefined) return known;
    const [token] = this.#tokens.of([term]);
    const found = token === undefined ? undefined : this.#postings.find([token])[0];
    if (token !== undefined && found === undefined) return this.#note(term, 0);
    const isRead = found !== undefined && found.bytes <= MOST_BYTES;
    return this.#note(
      term,
      isRead ? this.#postings.rows([found])[0]!.ids.length : this.#statistics.estimateRowsWith(term),
    );
  }

  /** What is asked for of a query's terms, the rarest first, with their rows. `wanted`: so many rows should be found. */
  ask(terms: readonly string[], wanted: number): Terms {
    const distinct = [...new Set(terms)];
    const mostScored = mostScoredOf(this.#statistics.rows);
    const areAllTelling = this.#statistics.rows <= mostScored && distinct.length <= MOST_TERMS;
    const telling: Term[] = [];
    const common: Term[] = [];
    let scored = 0;
    for (const term of this.#read(this.#rarest(distinct))) {
      const isTelling = common.length === 0 && (scored < wanted || scored + term.rows <= mostScored);
      (isTelling || areAllTelling ? telling : common).push(term);
      scored += term.rows;
    }
    return { telling, common };
  }

  /** Of a longer text: to look up each of ten thousand words for its rows would take their memory. */
  #rarest(terms: readonly string[]): readonly string[] {
    if (terms.length <= MOST_TERMS) return terms;
    return terms
      .map((term) => ({ term, rows: this.#statistics.estimateRowsWith(term) }))
      .filter(({ rows }) => rows > 0)
      .sort((one, other) => one.rows - other.rows)
      .slice(0, MOST_TERMS)
      .map(({ term }) => term);
  }

  /** The rarest first, equal ones as they stand in the query: sums of floats depend on the order. */
  #read(terms: readonly string[]): Term[] {
    const inTable = this.#find(terms);
    let bytesRead = 0;
    const readable: FoundTerm[] = [];
    for (const { found, bytes } of inTable) {
      if (found === undefined || bytes > MOST_BYTES || bytesRead + bytes > MOST_BYTES_TOGETHER) continue;
      bytesRead += bytes;
      readable.push(found);
    }
    const lists = this.#postings.rows(readable);
    return inTable
      .map(({ term, bytes, found, isPhrase, place }) => {
        const list = found && lists[readable.indexOf(found)];
        if (list !== undefined)
          return { term, rows: this.#note(term, list.ids.length), list, isPhrase, place };
        const rows = bytes > MOST_BYTES ? this.rowsWith(term) : this.#statistics.estimateRowsWith(term);
        return { term, rows, list, isPhrase, place };
      })
      .filter(({ rows }) => rows > 0)
      .sort((one, other) => one.rows - other.rows || one.place - other.place);
  }

  /** Those that are in the table, by what their rows take. */
  #find(terms: readonly string[]): FoundInQuery[] {
    const tokens = this.#tokens.of(terms);
    const found = this.#postings.find(tokens.filter((token) => token !== undefined));
    let next = 0;
    return terms
      .map((term, place): FoundInQuery => {
        if (tokens[place] === undefined)
          return { term, found: undefined, bytes: this.rowsWith(term) * BYTES_OF_ROW, isPhrase: true, place };
        const one = found[next++];
        return { term, found: one, bytes: one?.bytes ?? 0, isPhrase: false, place };
      })
      .filter(({ bytes }) => bytes > 0)
      .sort((one, other) => one.bytes - other.bytes);
  }

  #note(term: string, rows: number): number {
    this.#rowsWith.set(term, rows);
    return rows;
  }
}
