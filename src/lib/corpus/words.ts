// One part of an identifier: a run of capitals (XML), a word (Http, request), a run of letters without case, a number.
const ASCII_PARTS = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+/g;
const UNICODE_PARTS =
  /\p{Lu}+(?![\p{Ll}\p{M}])|\p{Lu}?[\p{Ll}\p{M}]+|\p{Lu}|[\p{Lo}\p{Lm}\p{Lt}\p{M}]+|\p{N}+/gu;

// What FTS5's `unicode61 tokenchars '_'` takes for one word.
const ASCII_WORDS = /[A-Za-z0-9_]+/g;
const UNICODE_WORDS = /[\p{L}\p{N}\p{M}\p{Co}_]+/gu;

// Longer words are blobs (base64, digests in a row): their parts mean nothing and would fill the index.
const MAX_IDENTIFIER_LENGTH = 80;

// The header of an embedded code chunk must leave room for the code, however long the names are.
const MAX_NAME_WORDS_LENGTH = 80;

/** `XMLHttpRequest` -> `XML`, `Http`, `Request`; `snake_case2` -> `snake`, `case`, `2`. Case is kept. */
export function splitIdentifier(word: string): string[] {
  return word.match(isAscii(word) ? ASCII_PARTS : UNICODE_PARTS) ?? [];
}

/**
 * The words of a text for an FTS5 table with the tokenizer `porter unicode61 tokenchars '_'`: each word whole, an
 * identifier followed by its parts, punctuation left out.
 */
export function searchWords(text: string): string {
  const words: string[] = [];
  for (const word of text.match(isAscii(text) ? ASCII_WORDS : UNICODE_WORDS) ?? []) {
    words.push(word);
    if (word.length > MAX_IDENTIFIER_LENGTH) continue;
    const parts = splitIdentifier(word);
    if (parts.length > 1 || parts[0] !== word) words.push(...parts);
  }
  return words.join(' ');
}

/** What is embedded of code: its words in lower case, identifiers split, punctuation dropped, one space between. */
export function codeWords(text: string): string {
  return splitIdentifier(text).join(' ').toLowerCase();
}

/** The name of a file as words: `src/lib/http/retryUpload.ts` -> `retry upload ts`. At most 80 characters, of the end. */
export function fileNameWords(path: string): string {
  const words = codeWords(path.slice(path.lastIndexOf('/') + 1));
  if (words.length <= MAX_NAME_WORDS_LENGTH) return words;
  const end = words.slice(-MAX_NAME_WORDS_LENGTH);
  const space = end.indexOf(' ');
  // Without a space the cut may have gone through a surrogate pair.
  return space === -1 ? end.replace(/^[\udc00-\udfff]/, '') : end.slice(space + 1);
}

/** Each letter where it was: the one that is two letters in lower case would move all that follows. */
export function lowerCaseInPlace(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text.replaceAll('\u0130', 'I').toLowerCase();
}

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- the whole ASCII range is meant
  return /^[\x00-\x7f]*$/.test(text);
}
