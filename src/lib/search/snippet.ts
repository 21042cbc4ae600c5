import { stem } from './stems.js';

/** Lines of a chunk that a hit shows. */
const SNIPPET_LINES = 10;

export interface Snippet {
  readonly text: string;
  /** 1-based line of the file */
  readonly startLine: number;
}

export interface SnippetOptions {
  /** How much a word of the query tells; asked only for those that stand in a chunk too long to be shown whole. */
  readonly weightOf?: (term: string) => number;
  /** What the chunk defines: the line that names it first counts half as much as the most telling word. */
  readonly symbol?: string | undefined;
}

/** The run of lines of a chunk with the most telling of the query's words, from its start where it has none of them. */
export function bestLines(
  chunkText: string,
  startLine: number,
  terms: readonly string[],
  { weightOf = () => 1, symbol }: SnippetOptions = {},
): Snippet {
  const lines = chunkText.split(/\r?\n/);
  if (lines.length <= SNIPPET_LINES) return { text: lines.join('\n'), startLine };
  const words = wordsByLine(lines, terms);
  const weights = new Map([...new Set(words.flat())].map((word) => [word, weightOf(word)]));
  const definition = definitionLine(lines, symbol);
  const first = bestStart(words, weights, definition);
  return { text: lines.slice(first, first + SNIPPET_LINES).join('\n'), startLine: startLine + first };
}

/** Each word counts once in a run; of runs as good as each other the one with the words in its middle. */
function bestStart(
  words: readonly (readonly string[])[],
  weights: ReadonlyMap<string, number>,
  definition: number | undefined,
): number {
  if (weights.size === 0) return 0;
  // Less than the word itself: somebody who asks for one name wants to see it.
  const bonus = Math.max(...weights.values()) / 2;
  const scores: number[] = [];
  for (let start = 0; start + SNIPPET_LINES <= words.length; start++) {
    const found = new Set(words.slice(start, start + SNIPPET_LINES).flat());
    let score = isWithin(definition, start) ? bonus : 0;
    for (const word of found) score += weights.get(word)!;
    scores.push(score);
  }
  const best = Math.max(...scores) - 1e-9;
  const first = scores.findIndex((score) => score >= best);
  const after = scores.findIndex((score, start) => start > first && score < best);
  const last = (after === -1 ? scores.length : after) - 1;
  // What is defined reads from its top on.
  if (isWithin(definition, first)) return Math.min(last, Math.max(first, definition - 1));
  return (first + last) >> 1;
}

function isWithin(line: number | undefined, start: number): line is number {
  return line !== undefined && line >= start && line < start + SNIPPET_LINES;
}

function wordsByLine(lines: readonly string[], terms: readonly string[]): string[][] {
  const matcher = termMatcher(terms);
  if (!matcher) return lines.map(() => []);
  const byStem = new Map(terms.map((term) => [stem(term), term]));
  const found = new Map<string, string>();
  return lines.map((line) => {
    const matches = new Set(line.toLowerCase().match(matcher));
    return [...matches].map((match) => {
      if (!found.has(match)) found.set(match, termOf(match, byStem));
      return found.get(match)!;
    });
  });
}

/** The term whose stem a match begins with; the longest, as the matcher takes it. */
function termOf(match: string, byStem: ReadonlyMap<string, string>): string {
  for (let length = match.length; length > 0; length--) {
    const term = byStem.get(match.slice(0, length));
    if (term !== undefined) return term;
  }
  return match;
}

/** The first line with the last name of a symbol, `c` of `a.b::c`. */
function definitionLine(lines: readonly string[], symbol: string | undefined): number | undefined {
  const name = symbol?.match(/[\p{L}\p{M}\p{N}_$]+/gu)?.at(-1);
  if (name === undefined) return undefined;
  const line = lines.findIndex((text) => text.includes(name));
  return line === -1 ? undefined : line;
}

/** Matches the query's words and their inflections in text, or null when there are none. */
export function termMatcher(terms: readonly string[]): RegExp | null {
  const stems = terms.filter((term) => term.length > 1).map(stem);
  if (stems.length === 0) return null;
  stems.sort((a, b) => b.length - a.length);
  return new RegExp(`(?:${stems.join('|')})[\\p{L}\\p{N}]{0,3}`, 'giu');
}
