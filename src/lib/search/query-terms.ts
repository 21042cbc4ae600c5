import { searchWords } from '../corpus/words.js';

/** Words that are in nearly every English text: they cost time and say nothing, unless the query has no others. */
const STOP_WORDS = new Set(
  (
    'a an and are as at be been but by can could did do does for from had has have how i if in into is it its ' +
    'me my no not of on or our should so such than that the their them then there these they this those to ' +
    'was we were what when where which while who why will with would you your'
  ).split(' '),
);

const WORDS = /[\p{L}\p{M}\p{N}_]+/gu;

export function isStopWord(word: string): boolean {
  return STOP_WORDS.has(word);
}

/**
 * The distinct words to look up, in the order of the query: identifiers whole and in parts, stop words only
 * where there is nothing else.
 */
export function queryTerms(text: string): string[] {
  const words = [...new Set(searchWords(text).toLowerCase().match(WORDS))];
  const telling = words.filter((word) => !STOP_WORDS.has(word));
  return telling.length > 0 ? telling : words;
}
