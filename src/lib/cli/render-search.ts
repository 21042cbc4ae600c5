import { understandQuery } from '../search/understand.js';
import { termMatcher } from '../search/snippet.js';
import type { ScoreParts } from '../search/score-parts.js';
import type { SearchHit, SearchResult, UnderstoodAs } from '../search/types.js';
import { formatCount, printable } from './format.js';
import type { Palette } from './palette.js';
import { copiesOf, likeOf, shownPath } from './render-places.js';

/** The hits for people: a path with its line that a terminal can click, then numbered lines with the query's words marked. */
export function renderSearch(
  result: SearchResult,
  root: string,
  palette: Palette,
  /** Flags that leave hits out, as they were given. */
  narrowing: readonly string[] = [],
): string {
  const { like, understood } = result;
  const about = [
    ...(like === undefined ? [] : [likeOf(like, root)]),
    ...(understood === undefined ? [] : [understanding(understood)]),
  ];
  const head = about.map((line) => `${palette.dim(line)}\n\n`).join('');
  if (result.hits.length === 0) {
    const without = narrowing.length === 0 ? '' : ` There may be something without ${narrowing.join(', ')}.`;
    return `${head}Nothing found.${without}\n`;
  }
  const doubt = result.confidence === 'low' ? `${palette.dim('Nothing fits well. The nearest:')}\n\n` : '';
  // A place is no query: there are no words to mark.
  const matcher = like === undefined ? termMatcher(understandQuery(result.query).terms) : null;
  const blocks = result.hits.map((hit) => renderHit(hit, root, matcher, palette));
  return `${head}${doubt}${blocks.join('\n')}\n`;
}

function renderHit(hit: SearchHit, root: string, matcher: RegExp | null, palette: Palette): string {
  const shown = shownPath(hit.path, root);
  const symbol = hit.symbol === undefined ? '' : `  ${palette.cyan(printable(hit.symbol))}`;
  const head = `${palette.bold(`${printable(shown)}:${hit.startLine}`)}${symbol}  ${palette.dim(scores(hit))}`;
  const lines = hit.snippet.split('\n');
  const width = String(hit.snippetStartLine + lines.length - 1).length;
  const body = lines.map((line, index) => {
    const number = String(hit.snippetStartLine + index).padStart(width);
    return `  ${palette.dim(number)}  ${mark(printable(clip(line)), matcher, palette)}`;
  });
  const notes = [...(hit.scores.parts === undefined ? [] : [made(hit.scores.parts)]), copiesOf(hit, root)]
    .filter((note) => note !== '')
    .map((note) => `  ${palette.dim(note)}\n`);
  return `${head}\n${notes.join('')}${body.join('\n')}\n`;
}

/** `a sentence; names retryUpload; in python` */
function understanding({
  kind,
  names,
  files,
  phrases,
  excluded,
  languages,
  paths,
  asksFor,
}: UnderstoodAs): string {
  const list = (label: string, values: readonly string[]) =>
    values.length > 0 ? `; ${label} ${values.join(', ')}` : '';
  const said =
    list('names', names) +
    list('files', files) +
    list('word for word', phrases) +
    list('without', excluded) +
    list('in', languages) +
    list('below', paths) +
    list('asks for', asksFor);
  return printable(`Understood as: ${kind}${said}`);
}

/** `words +.412  vector +.301  kind -.120`: what is not 0. */
function made(parts: ScoreParts): string {
  return Object.entries(parts as unknown as Record<string, number>)
    .filter(([, value]) => value !== 0)
    .map(([name, value]) => `${name} ${value > 0 ? '+' : ''}${value.toFixed(3)}`)
    .join('  ');
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
