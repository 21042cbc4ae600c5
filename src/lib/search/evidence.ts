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
  const { words, shares } = tellingWords(query.terms, weightOf);
  const phrases = query.phrases.map(plain);
  const unwanted = query.excluded.map(
    (word) => new RegExp(`(?<![\\p{L}\\p{N}_])${word}(?![\\p{L}\\p{N}_])`, 'u'),
  );
  const inNames = wordsInNames(query);
  const ofChunk = new Map<number, Evidence>();
  const seenInFile = new Map<number, boolean[]>();
  const fileWordShare = new Map<number, number>();
  for (let index = 0; index < chunks.length; index++) {
    const { id, fileId, text, language, path, symbol = '' } = chunks[index]!;
    const lowerText = text.toLowerCase();
    const lowerPath = path.toLowerCase();
    const seen = seenInFile.get(fileId) ?? [];
    seenInFile.set(fileId, seen);
    let wordShare = 0;
    let newShare = 0;
    for (let word = 0; word < words.length; word++) {
      if (!lowerText.includes(words[word]!) && !lowerPath.includes(words[word]!)) continue;
      wordShare += shares[word]!;
      if (seen[word] !== true) newShare += shares[word]!;
      seen[word] = true;
    }
    fileWordShare.set(fileId, (fileWordShare.get(fileId) ?? 0) + newShare);
    ofChunk.set(id, {
      defines: definitionsIn(text, language, inNames),
      phrases: phrases.length === 0 ? 0 : shareOfPhrases(plain(text), phrases),
      isExcluded: hasAnyOf(unwanted, lowerText, lowerPath, symbol),
      wordShare,
    });
  }
  return { ofChunk, fileWordShare };
}

function hasAnyOf(unwanted: readonly RegExp[], text: string, path: string, symbol: string): boolean {
  if (unwanted.length === 0) return false;
  const parts = [text, path, symbol.toLowerCase()];
  return unwanted.some((word) => parts.some((part) => word.test(part)));
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
