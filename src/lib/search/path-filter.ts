import picomatch from 'picomatch';
import { resolveLanguage } from '../corpus/language.js';
import { EmbedSearchError } from '../errors.js';
import type { SearchFilter } from '../store/types.js';

/** A filter by globs and languages, or undefined when there is neither. Throws USAGE for a language that is not known. */
export function pathFilter(
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

function knownLanguage(name: string): string {
  const language = resolveLanguage(name);
  if (language !== undefined) return language;
  throw new EmbedSearchError('USAGE', `No language is called "${name}".`, {
    fix: 'See `embed-search status` for the languages of the index.',
  });
}
