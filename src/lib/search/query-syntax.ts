import { resolveLanguage } from '../corpus/language.js';

/** A query without what is syntax in it. */
export interface ParsedQuery {
  /** What is left to look for: phrases without their quotes, no filters. */
  readonly text: string;
  /** In double quotes: where a text has it word for word, that counts. */
  readonly phrases: readonly string[];
  /** `-word` at the end of the query: what holds the word goes below everything else. */
  readonly excluded: readonly string[];
  /** `lang:NAME`, by the names that the index has. */
  readonly languages: readonly string[];
  /** `path:GLOB` or `path:PART`. */
  readonly paths: readonly string[];
}

const PHRASE = /(?<![\p{L}\p{N}_\\])"([^"\n]{2,200})"(?![\p{L}\p{N}_])/gu;
const FILTER = /(^|\s)(lang|path):("[^"\n]+"|[^\s"]+)(?=\s|$)/g;
// Only behind the last ordinary word, since a flag in the middle of a command (`find . -name`) is a word.
const EXCLUDED = /^-[\p{L}_][\p{L}\p{N}_]{2,}$/u;
// Control characters say nothing, and NUL ends a string in places. Tabs and line breaks are blanks.
// oxlint-disable-next-line no-control-regex -- they are what is meant
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b\u2060\ufeff]+/g;

/**
 * Takes the syntax out of a query: `lang:NAME`, `path:GLOB`, `"exact phrase"` and `-word` at the end. What only looks
 * like it (an unknown language, a lone quote, a flag of a command) stays an ordinary word; nothing is an error. Without
 * `filters`, those stay words too.
 */
export function parseQuery(query: string, { filters = true } = {}): ParsedQuery {
  const parsed = parse(query.replaceAll(CONTROL, ' '), filters);
  // A query of nothing but filters asks for these words.
  return parsed.text === '' && filters ? parse(query.replaceAll(CONTROL, ' '), false) : parsed;
}

function parse(query: string, filters: boolean): ParsedQuery {
  const languages: string[] = [];
  const paths: string[] = [];
  let text = query.replaceAll(FILTER, (whole, before: string, name: string, value: string) => {
    const wanted = value.replaceAll('"', '');
    if (!filters) return whole;
    const language = name === 'lang' ? resolveLanguage(wanted) : undefined;
    if (name === 'lang' && language === undefined) return whole;
    if (language === undefined) paths.push(wanted);
    else languages.push(language);
    return before;
  });
  const words = text.trimEnd().split(/\s+/);
  const ordinary = words.findLastIndex((word) => !EXCLUDED.test(word)) + 1;
  const kept = words.slice(0, ordinary).join(' ');
  const hasExcluded = kept.trim() !== '' && !looksLikeCommand(kept);
  const excluded = hasExcluded ? words.slice(ordinary).map((word) => word.slice(1).toLowerCase()) : [];
  if (hasExcluded) text = kept;
  const phrases: string[] = [];
  text = text.replaceAll(PHRASE, (_whole, phrase: string) => {
    if (phrase.trim() !== '') phrases.push(phrase.trim());
    return ` ${phrase} `;
  });
  return { text: text.replaceAll(/\s+/g, ' ').trim(), phrases, excluded, languages, paths };
}

/** `git log --oneline -name`: another flag before it, so the last one is a flag too. */
function looksLikeCommand(text: string): boolean {
  return /(^|\s)--?[A-Za-z]\S*(\s|$)/.test(text) || /[|;&`$\\]/.test(text);
}
