import { EmbedSearchError } from '../errors.js';
import type { SearchMode } from './types.js';

/** A query that is longer, in characters, is a file by mistake. */
const LONGEST_QUERY = 1_000_000;

const MODES: ReadonlySet<string> = new Set(['hybrid', 'vector', 'lexical'] satisfies SearchMode[]);

/** Errors: USAGE, QUERY_EMPTY. */
export function checkRequest(text: string, mode: SearchMode, limit: number): void {
  if (typeof text !== 'string') throw new EmbedSearchError('USAGE', 'A search takes { text }, a string.');
  checkOptions(mode, limit);
  if (text.trim() === '') throw new EmbedSearchError('QUERY_EMPTY', 'The query is empty.');
  if (text.length > LONGEST_QUERY) {
    throw new EmbedSearchError(
      'USAGE',
      `The query has ${text.length} characters; ${LONGEST_QUERY} are the most.`,
      { fix: 'Ask with the part that says what you are looking for.' },
    );
  }
}

/** Errors: USAGE. */
export function checkOptions(mode: SearchMode, limit: number): void {
  if (!MODES.has(mode)) throw new EmbedSearchError('USAGE', `There is no mode ${JSON.stringify(mode)}.`);
  if (!Number.isInteger(limit) || limit < 1) {
    throw new EmbedSearchError('USAGE', `The limit is a whole number from 1 on, not ${limit}.`);
  }
}
