import { definitionsIn } from '../corpus/definitions-in.js';
import type { StoredChunk } from '../store/types.js';
import type { Evidence } from './rank.js';
import { stem } from './stems.js';
import type { UnderstoodQuery } from './understand.js';

/** Of a pasted text, so many words are compared with a chunk. */
const COMPARED_WORDS = 60;

export interface EvidenceOfTexts {
  readonly ofChunk: ReadonlyMap<number, Evidence>;
  /** Share of the query's words that what was read of a file has, all chunks together. */
  readonly fileWordShare: ReadonlyMap<number, number>;
}

/** What only the texts of chunks say. `weightOf`: how much a word of the query tells. */
export function evidenceOf(
  chunks: readonly StoredChunk[],
  query: UnderstoodQuery,
  weightOf: (term: string) => number,
): EvidenceOfTexts {
  const wanted: Wanted = {
    ...tellingWords(query.terms, weightOf),
    phrases: query.phrases.map(plain),
    inNames: wordsInNames(query),
  };
  const ofChunk = new Map<number, Evidence>();
  const files: SeenInFiles = { words: new Map(), wordShare: new Map() };
  for (let index = 0; index < chunks.length; index++) {
    const chunk = chunks[index]!;
    ofChunk.set(chunk.id, evidenceIn(chunk, wanted, files));
  }
  return { ofChunk, fileWordShare: files.wordShare };
}

/** What texts are asked for. */
interface Wanted {
  readonly words: readonly string[];
  /** What each of the words tells of what all of them tell. */
  readonly shares: readonly number[];
  readonly phrases: readonly string[];
  readonly inNames: string[] | undefined;
}

/** By file, which of the words were seen so far, and what these tell. */
interface SeenInFiles {
  readonly words: Map<number, boolean[]>;
  readonly wordShare: Map<number, number>;
}

function evidenceIn(chunk: StoredChunk, wanted: Wanted, files: SeenInFiles): Evidence {
  const { text, language, path } = chunk;
  const { phrases } = wanted;
  const lowerText = text.toLowerCase();
  const lowerPath = path.toLowerCase();
  return {
    defines: definitionsIn(text, language, wanted.inNames),
    phrases: phrases.length === 0 ? 0 : shareOfPhrases(plain(text), phrases),
    wordShare: wordShareOf(chunk.fileId, lowerText, lowerPath, wanted, files),
  };
}

function wordShareOf(
  fileId: number,
  lowerText: string,
  lowerPath: string,
  { words, shares }: Wanted,
  files: SeenInFiles,
): number {
  let seen = files.words.get(fileId);
  if (seen === undefined) {
    seen = [];
    files.words.set(fileId, seen);
  }
  let wordShare = 0;
  let newShare = 0;
  for (let word = 0; word < words.length; word++) {
    if (!lowerText.includes(words[word]!) && !lowerPath.includes(words[word]!)) continue;
    wordShare += shares[word]!;
    if (seen[word] !== true) newShare += shares[word]!;
    seen[word] = true;
  }
  files.wordShare.set(fileId, (files.wordShare.get(fileId) ?? 0) + newShare);
  return wordShare;
}

/** Tells whether a chunk has one of the words that the query excludes, in its text, its path or its name. */
export function excludedIn(query: UnderstoodQuery): (chunk: StoredChunk) => boolean {
  const unwanted = query.excluded.map(
    (word) => new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'u'),
  );
  return ({ text, path, symbol = '' }) => {
    const parts = [text, path, symbol].map((part) => part.toLowerCase());
    return unwanted.some((word) => parts.some((part) => word.test(part)));
  };
}

/** The words of a query as texts are asked for them, and which share of what all of them tell each one tells. */
function tellingWords(
  terms: readonly string[],
  weightOf: (term: string) => number,
): { words: readonly string[]; shares: readonly number[] } {
  const weights = new Map<string, number>();
  for (const term of terms.slice(0, COMPARED_WORDS)) {
    const word = stem(term);
    weights.set(word, Math.min(weights.get(word) ?? Infinity, weightOf(term)));
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return {
    words: [...weights.keys()],
    shares: [...weights.values()].map((weight) => (total === 0 ? 0 : weight / total)),
  };
}

/**
 * A definition counts only by the query's words in its name; most lines have none, and to ask a language's rules takes longer.
 * Undefined for a pasted text: to look for each of hundreds of words takes longer still.
 */
function wordsInNames({ terms, names }: UnderstoodQuery): string[] | undefined {
  const words = [...new Set([...terms.map(stem), ...names])];
  return words.length > COMPARED_WORDS ? undefined : words;
}

function shareOfPhrases(text: string, phrases: readonly string[]): number {
  return phrases.filter((phrase) => text.includes(phrase)).length / phrases.length;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, ' ');
}
