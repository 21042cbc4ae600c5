import { contentKind } from './language.js';
import { codeWords, fileNameWords } from './words.js';

export interface EmbeddingTextInput {
  readonly path: string;
  readonly language: string;
  readonly text: string;
  /** Known to every caller; not part of the text today. */
  readonly symbol?: string | undefined;
}

/**
 * The text that stands for a chunk in the model, without the model's own prefix. Code: the name of its file and the code as
 * words, a third fewer tokens at the same retrieval quality; anything else: the text as it stands. Not the folder: what has
 * moved is not embedded again. See docs/decisions/0022. With any change here, CHUNK_RULES is counted up.
 */
export function embeddingText({ path, language, text }: EmbeddingTextInput): string {
  if (contentKind(language) !== 'code') return text;
  return `${embeddingHeader(path, language)} ${codeWords(text)}`.trim();
}

/** What stands in front of every chunk of a file: its tokens are counted once. */
export function embeddingHeader(path: string, language: string): string {
  return contentKind(language) === 'code' ? fileNameWords(path) : '';
}

/** What a line (or a word) of a file adds to the text that is embedded. */
export function embeddingBody(language: string): (text: string) => string {
  return contentKind(language) === 'code' ? codeWords : (text) => text;
}
