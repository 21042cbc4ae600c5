import path from 'node:path';
import { queryTerms } from '../search/query-terms.js';
import { termMatcher } from '../search/snippet.js';
import type { SearchHit, SearchResult } from '../search/types.js';
import { formatCount, printable } from './format.js';
import type { Palette } from './palette.js';

/** The hits for people: a path with its line that a terminal can click, then numbered lines with the query's words marked. */
export function renderSearch(result: SearchResult, root: string, palette: Palette): string {
  if (result.hits.length === 0) return 'Nothing found.\n';
  const matcher = termMatcher(queryTerms(result.query));
  const blocks = result.hits.map((hit) => renderHit(hit, root, matcher, palette));
  return `${blocks.join('\n')}\n`;
}

function renderHit(hit: SearchHit, root: string, matcher: RegExp | null, palette: Palette): string {
  const shown = path.relative(process.cwd(), path.join(root, hit.path)) || hit.path;
  const symbol = hit.symbol === undefined ? '' : `  ${palette.cyan(printable(hit.symbol))}`;
  const head = `${palette.bold(`${printable(shown)}:${hit.startLine}`)}${symbol}  ${palette.dim(scores(hit))}`;
  const lines = hit.snippet.split('\n');
  const width = String(hit.snippetStartLine + lines.length - 1).length;
  const body = lines.map((line, index) => {
    const number = String(hit.snippetStartLine + index).padStart(width);
    return `  ${palette.dim(number)}  ${mark(printable(clip(line)), matcher, palette)}`;
  });
  return `${head}\n${body.join('\n')}\n`;
}

function scores({ score, scores: { vector, lexical } }: SearchHit): string {
  const parts = [score.toFixed(3)];
  if (vector !== undefined) parts.push(`vector ${vector.toFixed(3)}`);
  if (lexical !== undefined) parts.push(`words ${lexical.toFixed(3)}`);
  return parts.join('  ');
}

function mark(line: string, matcher: RegExp | null, palette: Palette): string {
  return matcher ? line.replace(matcher, (word) => palette.yellow(word)) : line;
}

/** A line longer than this tells a person no more. */
const WIDEST_LINE = 240;

function clip(line: string): string {
  return line.length > WIDEST_LINE ? `${line.slice(0, WIDEST_LINE)}…` : line;
}

/** The line on stderr that says how much of the index has vectors, when it is not all. */
export function coverageNote({ mode, coverage: { chunks, withVectors } }: SearchResult): string | undefined {
  if (chunks === 0) return 'The index is empty so far.';
  if (mode === 'lexical' || withVectors >= chunks) return undefined;
  const share = Math.floor((withVectors / chunks) * 100);
  return `${share} % of ${formatCount(chunks)} chunks have vectors so far; the rest was searched by words.`;
}
