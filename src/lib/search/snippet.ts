/** Lines of a chunk that a hit shows. */
const SNIPPET_LINES = 10;

export interface Snippet {
  readonly text: string;
  /** 1-based line of the file */
  readonly startLine: number;
}

/** The run of lines of a chunk with the most of the query's words, from its start where none has any. */
export function bestLines(chunkText: string, startLine: number, terms: readonly string[]): Snippet {
  const lines = chunkText.split(/\r?\n/);
  if (lines.length <= SNIPPET_LINES) return { text: lines.join('\n'), startLine };
  const matcher = termMatcher(terms);
  const hits = lines.map((line) => (matcher ? new Set(line.toLowerCase().match(matcher)).size : 0));
  let sum = 0;
  let best = 0;
  let bestSum = -1;
  for (const [index, count] of hits.entries()) {
    sum += count - (hits[index - SNIPPET_LINES] ?? 0);
    const start = index - SNIPPET_LINES + 1;
    if (start >= 0 && sum > bestSum) {
      bestSum = sum;
      best = start;
    }
  }
  return { text: lines.slice(best, best + SNIPPET_LINES).join('\n'), startLine: startLine + best };
}

/** Matches the query's words and their inflections in text, or null when there are none. */
export function termMatcher(terms: readonly string[]): RegExp | null {
  const stems = terms.filter((term) => term.length > 1).map(stem);
  if (stems.length === 0) return null;
  stems.sort((a, b) => b.length - a.length);
  return new RegExp(`(?:${stems.join('|')})[\\p{L}\\p{N}]{0,3}`, 'giu');
}

/** What is left of a word when its common English endings go; words hold only letters, digits and `_`. */
function stem(word: string): string {
  const cut = word.replace(/(?:ing|ies|ed|es|s|e|y)$/u, '');
  return cut.length >= 3 ? cut : word;
}
