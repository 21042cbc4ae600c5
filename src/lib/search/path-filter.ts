import { posix } from 'node:path';
import picomatch from 'picomatch';
import { resolveLanguage } from '../corpus/language.js';
import { EmbedSearchError } from '../errors.js';
import type { SearchFilter, StoreReader } from '../store/types.js';
import type { ParsedQuery } from './query-syntax.js';

/** What a request says of the files that it wants. */
export interface PathChoices {
  readonly globs?: readonly string[] | undefined;
  readonly languages?: readonly string[] | undefined;
  readonly within?: string | undefined;
}

/** The filter that a request asks for, or undefined when it asks for all. Throws USAGE for a language that is not known. */
export function pathFilter({ globs, languages, within = '' }: PathChoices): SearchFilter | undefined {
  const chosen = globFilter(globs, languages);
  if (within === '') return chosen;
  // Never by globs: in a pattern of the user's `!` and `|` would lead out again.
  const below = `${within}/`;
  const inside: SearchFilter = { accepts: (path) => path === within || path.startsWith(below) };
  const relative: SearchFilter | undefined = chosen && {
    accepts: (path, language) =>
      chosen.accepts(path === within ? posix.basename(path) : path.slice(below.length), language),
  };
  return both(inside, relative);
}

function globFilter(
  globs: readonly string[] = [],
  languages: readonly string[] = [],
): SearchFilter | undefined {
  if (globs.length === 0 && languages.length === 0) return undefined;
  const wanted = new Set(languages.map(knownLanguage));
  // As in ripgrep, a glob without a slash is about names, wherever they are.
  const patterns = globs.map((glob) => (glob.includes('/') ? glob.replace(/^\.?\//, '') : `**/${glob}`));
  const matches = patterns.length > 0 ? picomatch(patterns, { dot: true }) : () => true;
  return { accepts: (path, language) => (wanted.size === 0 || wanted.has(language)) && matches(path) };
}

/** The filter that stands in the query itself: `lang:` and `path:`, of which one of each must fit. */
export function inlineFilter({ languages, paths }: ParsedQuery): SearchFilter | undefined {
  if (languages.length === 0 && paths.length === 0) return undefined;
  const patterns = paths.map(pathPattern);
  return {
    accepts: (path, language) =>
      (languages.length === 0 || languages.includes(language)) &&
      (patterns.length === 0 || patterns.some((matches) => matches(path))),
  };
}

/** Both must accept. */
export function both(
  one: SearchFilter | undefined,
  other: SearchFilter | undefined,
): SearchFilter | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { accepts: (path, language) => one.accepts(path, language) && other.accepts(path, language) };
}

/** Whether a filter leaves any file of the index. */
export function acceptsAny(reader: StoreReader, filter: SearchFilter): boolean {
  for (const { path, language } of reader.files()) if (filter.accepts(path, language)) return true;
  return false;
}

/** A glob where it has a `*` or `?`, else any part of a path. */
function pathPattern(value: string): (path: string) => boolean {
  const plain = value.replaceAll('\\', '/').replace(/^\.?\//, '');
  if (/[*?]/.test(plain))
    return picomatch(plain.includes('/') ? plain : `**/${plain}`, { dot: true, nocase: true });
  const lower = plain.toLowerCase();
  return (path) => path.toLowerCase().includes(lower);
}

function knownLanguage(name: string): string {
  const language = resolveLanguage(name);
  if (language !== undefined) return language;
  throw new EmbedSearchError('USAGE', `No language is called "${name}".`, {
    fix: 'See `embed-search status` for the languages of the index.',
  });
}
