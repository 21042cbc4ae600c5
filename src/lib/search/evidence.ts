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
  const telling = tellingWords(query.terms, weightOf);
  const tellingOnes = [...telling.keys()];
  const phrases = query.phrases.map(plain);
  const unwanted = query.excluded.map(
    (word) => new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'u'),
  );
  const ofInterest = anyWordOf(query);
  const ofChunk = new Map<number, Evidence>();
  const wordsOfFile = new Map<number, Set<string>>();
  for (const { id, fileId, text, language, path, symbol = '' } of chunks) {
    const lowerText = text.toLowerCase();
    const lowerPath = path.toLowerCase();
    const ofFile = wordsOfFile.get(fileId) ?? new Set();
    wordsOfFile.set(fileId, ofFile);
    const words = addWordsIn(lowerText, lowerPath, tellingOnes, ofFile);
    ofChunk.set(id, {
      defines: ofInterest === undefined ? [] : definitionsIn(text, language, ofInterest),
      phrases: phrases.length === 0 ? 0 : shareOfPhrases(plain(text), phrases),
      isExcluded: hasAnyOf(unwanted, lowerText, lowerPath, symbol),
      wordShare: shareOfWords(words, telling),
    });
  }
  const fileWordShare = new Map(
    [...wordsOfFile].map(([fileId, words]) => [fileId, shareOfWords(words, telling)]),
  );
  return { ofChunk, fileWordShare };
}

function hasAnyOf(unwanted: readonly RegExp[], text: string, path: string, symbol: string): boolean {
  if (unwanted.length === 0) return false;
  const parts = [text, path, symbol.toLowerCase()];
  return unwanted.some((word) => parts.some((part) => word.test(part)));
}

/** Those of `words` that a text or its path has; they are added to those of its file. */
function addWordsIn(text: string, path: string, words: readonly string[], ofFile: Set<string>): string[] {
  const found: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!;
    if (!text.includes(word) && !path.includes(word)) continue;
    found.push(word);
    ofFile.add(word);
  }
  return found;
}

/** The words of a query as texts are asked for them, and which share of what all of them tell each one tells. */
function tellingWords(
  terms: readonly string[],
  weightOf: (term: string) => number,
): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const term of terms.slice(0, COMPARED_WORDS)) {
    const word = stem(term);
    weights.set(word, Math.min(weights.get(word) ?? Infinity, weightOf(term)));
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return new Map([...weights].map(([word, weight]) => [word, total === 0 ? 0 : weight / total]));
}

/** A definition counts only by the query's words in its name; most lines have none, and to ask a language's rules takes longer. */
function anyWordOf({ terms, names }: UnderstoodQuery): RegExp | undefined {
  const words = new Set([...terms.map(stem), ...names]);
  if (words.size === 0) return undefined;
  return new RegExp(
    [...words].map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'),
    'gi',
  );
}

function shareOfWords(words: Iterable<string>, telling: ReadonlyMap<string, number>): number {
  let share = 0;
  for (const word of words) share += telling.get(word) ?? 0;
  return share;
}

function shareOfPhrases(text: string, phrases: readonly string[]): number {
  return phrases.filter((phrase) => text.includes(phrase)).length / phrases.length;
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/\s+/g, ' ');
}
