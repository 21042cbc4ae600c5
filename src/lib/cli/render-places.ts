import path from 'node:path';
import type { SearchHit, SearchResult } from '../search/types.js';
import { printable } from './format.js';

/** The passage whose like was asked for: `Like src/a.ts:10-24  retryUpload  also in 2 files: …`. */
export function likeOf(like: NonNullable<SearchResult['like']>, root: string): string {
  const { path: file, startLine, endLine, symbol } = like;
  const name = symbol === undefined ? '' : `  ${printable(symbol)}`;
  const also = copiesOf(like, root);
  return `Like ${printable(shownPath(file, root))}:${startLine}-${endLine}${name}${also && `  ${also}`}`;
}

/** Places beyond these are in `--json`. */
const MOST_PLACES = 3;

/** `also in 5 files: a.ts:10, b.ts:12, c.ts:9, …`, or lines where the file is the same one; empty without copies. */
export function copiesOf(
  { path: file, duplicates = [] }: Pick<SearchHit, 'path' | 'duplicates'>,
  root: string,
): string {
  const others = duplicates.filter((place) => place.path !== file);
  const files = new Set(others.map((place) => place.path)).size;
  const here = duplicates.filter((place) => place.path === file).map(({ startLine }) => `${startLine}`);
  const there = others.map((place) => `${printable(shownPath(place.path, root))}:${place.startLine}`);
  return [
    here.length > 0 ? `also at line ${listed(here)}` : '',
    files > 0 ? `also in ${files} ${files === 1 ? 'file' : 'files'}: ${listed(there)}` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function listed(places: readonly string[]): string {
  return [...places.slice(0, MOST_PLACES), ...(places.length > MOST_PLACES ? ['…'] : [])].join(', ');
}

/** A path of the index as one can open it from the current folder. */
export function shownPath(file: string, root: string): string {
  return path.relative(process.cwd(), path.join(root, file)) || file;
}
