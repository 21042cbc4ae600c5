// Short texts that could stand for a whole file, for bench/retrieval/file-vectors.js.
import { definitionsIn } from '../../dist/lib/corpus/definitions-in.js';
import { embeddingBody, embeddingHeader } from '../../dist/lib/corpus/embedding-text.js';
import { commentStyle, contentKind } from '../../dist/lib/corpus/language.js';
import { codeWords, fileNameWords } from '../../dist/lib/corpus/words.js';

/** Special tokens are counted, and the shipped model takes 256. */
const MOST_TOKENS = 250;

const COMMENT_STARTS = {
  slash: /^(\/\/|\/\*|\*)/,
  hash: /^(#(?!!|include|define|if|endif|pragma)|"""|=begin)/,
  dash: /^--/,
  semicolon: /^;/,
  percent: /^%/,
  markup: /^<!--/,
  quote: /^["']/,
  none: /^$/,
};
const SAYS_NOTHING = /copyright|licen[cs]e|spdx|all rights reserved|frozen_string_literal|use strict/i;

/**
 * @typedef {{path: string, language: string, text: string}} File
 * @typedef {(text: string) => number} CountTokens
 */

/** @type {Readonly<Record<'head' | 'outline', (file: File, countTokens: CountTokens) => string>>} */
export const FILE_TEXTS = {
  /** As its first chunk is embedded, but longer. */
  head({ path, language, text }, countTokens) {
    const body = embeddingBody(language)(text.slice(0, 8_000));
    return firstTokens(`${embeddingHeader(path, language)} ${body}`.trim(), countTokens);
  },
  /** Its path, what it defines or its headings, its first comment or paragraph. */
  outline({ path, language, text }, countTokens) {
    const names = definitionsIn(text, language, undefined);
    const isCode = contentKind(language) === 'code';
    const said = isCode ? codeWords(firstComment(text, language)) : firstParagraph(text);
    const parts = [fileNameWords(path), isCode ? codeWords(names.join(' ')) : names.join('\n'), said];
    return firstTokens(parts.filter((part) => part !== '').join(isCode ? ' ' : '\n'), countTokens);
  },
};

/** The first block of comment lines that is no licence and no switch of the language. */
function firstComment(/** @type {string} */ text, /** @type {string} */ language) {
  const start = COMMENT_STARTS[commentStyle(language)];
  /** @type {string[]} */
  let block = [];
  for (const line of [...text.split('\n', 400), '']) {
    if (start.test(line.trim())) block.push(line);
    else if (block.length > 0) {
      const comment = block.join('\n');
      if (!SAYS_NOTHING.test(comment) && codeWords(comment).length > 10) return comment;
      block = [];
    }
  }
  return '';
}

function firstParagraph(/** @type {string} */ text) {
  const blocks = text.split(/\n\s*\n/).map((block) => block.trim());
  return blocks.find((block) => block !== '' && !/^(#{1,6}\s|---$|<|!?\[)/.test(block)) ?? '';
}

/** What fits of a text, whole words only. */
function firstTokens(/** @type {string} */ text, /** @type {CountTokens} */ countTokens) {
  if (countTokens(text) <= MOST_TOKENS) return text;
  const words = text.split(/(?<=\s)/);
  let [fits, tooMany] = [0, words.length];
  while (tooMany - fits > 1) {
    const middle = (fits + tooMany) >> 1;
    if (countTokens(words.slice(0, middle).join('')) <= MOST_TOKENS) fits = middle;
    else tooMany = middle;
  }
  return words.slice(0, fits).join('').trimEnd();
}
