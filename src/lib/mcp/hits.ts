import type { Place } from '../search/duplicates.js';
import type { Confidence, SearchHit, SearchResult } from '../search/types.js';
import type { Stale } from './indexed-root.js';
import { estimatedTokens, fitting } from './token-budget.js';
import type { Answer, ResourceLink } from './types.js';
import { linesUri } from './uris.js';

/** A hit with the root that it is of. */
export interface RootedHit extends SearchHit {
  readonly root: string;
  readonly rootNumber: number;
}

export interface FoundIn {
  readonly root: string;
  readonly rootNumber: number;
  /** Where the root lies in the folder that was indexed. */
  readonly scope: string;
  readonly result: SearchResult;
  readonly stale?: Stale | undefined;
  /** What is wrong with the index, of a searcher. */
  readonly warnings: readonly string[];
}

/** What was found, in one or several indexes. */
export interface Found {
  readonly hits: readonly RootedHit[];
  readonly confidence: Confidence;
  readonly coverage: { readonly chunks: number; readonly withVectors: number };
  /** Where the passage that was compared stands too; those are no hits. */
  readonly copies?: readonly Place[];
  readonly degraded?: string;
  readonly stale?: Stale;
  readonly warnings: readonly string[];
  readonly milliseconds: number;
}

const ORDER: readonly Confidence[] = ['low', 'medium', 'high'];

/** The hits of several indexes in one order: by how sure each index is of its best, then by score. */
export function merged(parts: readonly FoundIn[], limit: number): Found {
  const hits = parts
    .flatMap(({ root, rootNumber, scope, result }) =>
      result.hits.map((hit) => ({
        sureness: ORDER.indexOf(result.confidence),
        hit: {
          ...hit,
          path: pathBelow(scope, hit.path),
          ...(hit.duplicates === undefined ? {} : { duplicates: placesBelow(scope, hit.duplicates) }),
          root,
          rootNumber,
        },
      })),
    )
    .sort((one, other) => other.sureness - one.sureness || other.hit.score - one.hit.score)
    .slice(0, limit)
    .map(({ hit }, index) => ({ ...hit, rank: index + 1 }));
  const results = parts.map(({ result }) => result);
  const copies = parts.flatMap(({ scope, result }) => placesBelow(scope, result.like?.duplicates ?? []));
  const degraded = results.find((result) => result.degraded)?.degraded?.reason;
  const known = parts.flatMap(({ stale }) => stale ?? []);
  return {
    hits,
    confidence: ORDER[Math.max(0, ...results.map(({ confidence }) => ORDER.indexOf(confidence)))]!,
    coverage: {
      chunks: sum(results.map(({ coverage }) => coverage.chunks)),
      withVectors: sum(results.map(({ coverage }) => coverage.withVectors)),
    },
    warnings: [...new Set(parts.flatMap(({ warnings }) => warnings))],
    milliseconds: Math.max(0, ...results.map(({ milliseconds }) => milliseconds)),
    ...(copies.length === 0 ? {} : { copies }),
    ...(degraded === undefined ? {} : { degraded }),
    ...(known.length === 0
      ? {}
      : {
          stale: {
            files: sum(known.map(({ files }) => files)),
            paths: known.flatMap(({ paths }) => paths),
            isWhole: known.every(({ isWhole }) => isWhole),
          },
        }),
  };
}

function pathBelow(scope: string, path: string): string {
  return scope === '' ? path : path.slice(scope.length + 1);
}

function placesBelow(scope: string, places: readonly Place[]): Place[] {
  return places.map(({ path, startLine, endLine }) => ({ path: pathBelow(scope, path), startLine, endLine }));
}

export interface RenderOptions {
  readonly maxTokens: number;
  readonly explain: boolean;
  /** How the answer begins: what was looked for. */
  readonly title: string;
  readonly manyRoots: boolean;
}

/** Hits as an answer: the best snippets that fit the budget, for the rest only where they are. */
export function hitsAnswer(found: Found, { maxTokens, explain, title, manyRoots }: RenderOptions): Answer {
  const heads = found.hits.map((hit) => headOf(hit, manyRoots, explain));
  const bodies = found.hits.map(numbered);
  const shown = fitting(
    bodies.map((body) => estimatedTokens(body)),
    maxTokens,
  );
  const blocks = found.hits.map((_, index) =>
    shown[index]
      ? `${heads[index]}\n${bodies[index]}`
      : `${heads[index]}\n(no room for its lines: read_lines)`,
  );
  const omittedSnippets = shown.filter((each) => !each).length;
  return {
    structured: {
      state: 'searched',
      confidence: found.confidence,
      hits: found.hits.map((hit, index) => structuredHit(hit, shown[index]!, explain)),
      ...(found.copies === undefined ? {} : { copies: found.copies }),
      omittedSnippets,
      coverage: found.coverage,
      ...(found.degraded === undefined ? {} : { degraded: found.degraded }),
      ...(found.stale === undefined ? {} : { stale: found.stale }),
      ...(found.warnings.length === 0 ? {} : { warnings: found.warnings }),
      milliseconds: found.milliseconds,
    },
    text: [title, ...notes(found), ...blocks].join('\n\n'),
    links: found.hits.map(linkOf),
  };
}

/** What a reader must know before trusting the hits. */
function notes({ copies, degraded, coverage, stale, warnings }: Found): string[] {
  const lines: string[] = [];
  if (copies) lines.push(`The passage also stands at ${listed(copies)}.`);
  if (degraded !== undefined) lines.push(`degraded: ${degraded} (answered by words alone, not by meaning)`);
  else if (coverage.chunks > 0 && coverage.withVectors < coverage.chunks) {
    const share = Math.floor((coverage.withVectors / coverage.chunks) * 100);
    lines.push(`${share} % of the chunks can be found by meaning so far, the rest by words.`);
  }
  if (stale) {
    const count = `${stale.isWhole ? '' : 'at least '}${stale.files}`;
    lines.push(
      `stale: ${count} files have changed since the last update (${stale.paths.slice(0, 5).join(', ')}${stale.files > 5 ? ', ...' : ''}): what is said of them may be old; update_index takes them in.`,
    );
  }
  lines.push(...warnings.map((warning) => `warning: ${warning}`));
  return lines.length === 0 ? [] : [lines.join('\n')];
}

function headOf(hit: RootedHit, manyRoots: boolean, explain: boolean): string {
  const where = `${manyRoots ? `${hit.root}/` : ''}${hit.path}:${hit.startLine}-${hit.endLine}`;
  const parts = explain
    ? ` score ${hit.score} vector ${hit.scores.vector ?? '-'} words ${hit.scores.lexical ?? '-'}`
    : '';
  const copies = hit.duplicates === undefined ? '' : ` (also at ${listed(hit.duplicates)})`;
  return `${hit.rank}. ${where}${hit.symbol === undefined ? '' : ` ${hit.symbol}`}${parts}${copies}`;
}

/** So many places are named in the text; the structured answer has all. */
const PLACES_NAMED = 5;

function listed(places: readonly Place[]): string {
  const named = places.slice(0, PLACES_NAMED).map((each) => `${each.path}:${each.startLine}-${each.endLine}`);
  const more = places.length - named.length;
  return named.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** A snippet's line that is longer was made by a machine. */
const LINE_CHARACTERS = 400;

function numbered({ snippet, snippetStartLine }: SearchHit): string {
  return snippet
    .split('\n')
    .map((line, index) => `${snippetStartLine + index}\t${clipped(line)}`)
    .join('\n');
}

function clipped(line: string): string {
  return line.length > LINE_CHARACTERS ? `${line.slice(0, LINE_CHARACTERS)}…` : line;
}

function structuredHit(hit: RootedHit, withSnippet: boolean, explain: boolean): Record<string, unknown> {
  const { rank, path, root, startLine, endLine, language, symbol, score, scores } = hit;
  return {
    rank,
    path,
    root,
    startLine,
    endLine,
    language,
    ...(symbol === undefined ? {} : { symbol }),
    ...(withSnippet
      ? {
          snippet: hit.snippet.split('\n').map(clipped).join('\n'),
          snippetStartLine: hit.snippetStartLine,
        }
      : {}),
    score,
    ...(hit.duplicates === undefined ? {} : { duplicates: hit.duplicates }),
    ...(explain ? { scores } : {}),
    uri: linkOf(hit).uri,
  };
}

function linkOf({ rootNumber, path, startLine, endLine }: RootedHit): ResourceLink {
  return {
    uri: linesUri({ root: rootNumber, path, startLine, endLine }),
    name: `${path}:${startLine}-${endLine}`,
  };
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, each) => total + each, 0);
}
