import type { TermRows } from './doclist.js';
import type { FoundTerm, Postings } from './postings.js';
import type { WordStatistics } from './word-statistics.js';
import type { WordTokens } from './word-tokens.js';

/** Each term is looked up by itself: so many take a tenth of a second. A longer text gives its rarest. */
const MOST_TERMS = 1_000;

/**
 * How many rows a query may score if the terms that are not in more of them suffice, and that times the square root of
 * all: where a term is everywhere it hardly counts. See docs/decisions/0014.
 */
const MOST_SCORED = 2_000;
const MOST_SCORED_PER_ROOT = 13;

/** Of the terms that find nothing by themselves, so many are looked for in what the others found. */
const MOST_COMMON = 8;

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

interface SizedTerm {
  readonly term: string;
  readonly found: FoundTerm | undefined;
  readonly bytes: number;
  readonly isPhrase: boolean;
  /** In the query. */
  readonly place: number;
}

/** What is asked for of a query's terms, the rarest first, with their rows. `wanted`: so many rows should be found. */
export function termsOf(
  terms: readonly string[],
  wanted: number,
  { statistics, postings, tokens }: { statistics: WordStatistics; postings: Postings; tokens: WordTokens },
): Terms {
  const distinct = [...new Set(terms)];
  const mostScored = mostScoredOf(statistics.rows);
  const areAllTelling = statistics.rows <= mostScored && distinct.length <= MOST_TERMS;
  const telling: Term[] = [];
  const common: Term[] = [];
  let scored = 0;
  for (const term of readTerms()) {
    const isTelling = common.length === 0 && (scored < wanted || scored + term.rows <= mostScored);
    (isTelling || areAllTelling ? telling : common).push(term);
    scored += term.rows;
  }
  return { telling, common: common.slice(0, MOST_COMMON) };

  /** The rarest first; sums of floats depend on their order, which must not depend on how an index came about. */
  function readTerms(): Term[] {
    let bytesRead = 0;
    return sizedTerms()
      .map((sized) => {
        const { term, bytes, found, isPhrase, place } = sized;
        const isRead = bytes <= MOST_BYTES && bytesRead + bytes <= MOST_BYTES_TOGETHER;
        const list = isRead ? found?.rows() : undefined;
        bytesRead += bytes;
        if (list !== undefined) statistics.note(term, list.ids.length);
        return { term, rows: statistics.rowsWith(term), list, isPhrase, place };
      })
      .filter(({ rows }) => rows > 0)
      .sort((one, other) => one.rows - other.rows || one.place - other.place);
  }

  /** Those that are in the table, by what their rows take. */
  function sizedTerms(): SizedTerm[] {
    const tokenOf = tokens.of(distinct);
    const found = postings.find(tokenOf.filter((token) => token !== undefined));
    let next = 0;
    return distinct
      .map((term, place): SizedTerm => {
        const isPhrase = tokenOf[place] === undefined;
        const one = isPhrase ? undefined : found[next++];
        const bytes = isPhrase ? statistics.rowsWith(term) * BYTES_OF_ROW : (one?.bytes ?? 0);
        return { term, found: one, bytes, isPhrase, place };
      })
      .filter(({ bytes }) => bytes > 0)
      .sort((one, other) => one.bytes - other.bytes)
      .slice(0, MOST_TERMS);
  }
}
