import { searchWords } from '../corpus/words.js';
import type { WordRules } from '../store/types.js';

/**
 * How the index's texts become words. To be counted up with any change to what `searchWords` gives: an index has to
 * be able to compute what it once put in. What a letter is depends on Node's version of Unicode.
 */
const SEARCH_WORDS_VERSION = 1;

export const SEARCH_WORDS: WordRules = {
  version: `${SEARCH_WORDS_VERSION} unicode ${process.versions['unicode']}`,
  wordsOf: searchWords,
};
