import { fileKind, type FileKind } from './file-kind.js';
import { type ParsedQuery, parseQuery } from './query-syntax.js';
import { queryTerms } from './query-terms.js';

/** What a query is, which decides how much its words count against its meaning. */
export type QueryKind = 'name' | 'path' | 'phrase' | 'error' | 'code' | 'sentence';

export interface UnderstoodQuery extends ParsedQuery {
  readonly kind: QueryKind;
  /** Words to look up, distinct: identifiers whole and in parts. */
  readonly terms: readonly string[];
  /** Identifiers in the query, in lower case: `retryupload` for `retryUpload`, also the last part of `a.b.c`. */
  readonly names: readonly string[];
  /** Paths and file names in the query, in lower case. */
  readonly files: readonly string[];
  /** Kinds of files that it asks for: they are not lowered. */
  readonly asksFor: ReadonlySet<FileKind>;
  /** It asks for what is new. */
  readonly isAboutRecent: boolean;
  /** It asks what the whole folder is: the top of a README says it. */
  readonly isAboutAll: boolean;
}

// camelCase, snake_case, CONSTANT_CASE, Type::member, object.member, call(), $variable, `in backticks`.
const NAME =
  /`([^`\s]{2,80})`|(?<![\p{L}\p{N}_./-])([$@#]?[\p{L}_][\p{L}\p{N}_$]*(?:(?:\.|::|->|#)[\p{L}_][\p{L}\p{N}_$]*)*[!?]?)(\(\)?)?/gu;
const INNER_CAPITAL = /\p{Ll}\p{Lu}|\p{Lu}{2,}\p{Ll}/u;
const FILE =
  /(?<![\p{L}\p{N}_@])(?:[\w.@~-]+[/\\])*[\w@-][\w.@-]*\.[A-Za-z][A-Za-z0-9]{0,5}(?![\p{L}\p{N}_])|(?:[\w.@-]+\/){1,20}[\w.@-]+/gu;
const STACK_FRAME =
  /(^|\s)at \S+ ?\(?[^\s()]+:\d+(:\d+)?\)?|File "[^"]+", line \d+|\bTraceback \(most recent|^\s*\d+: 0x[0-9a-f]+|\bgoroutine \d+ \[|\.(java|kt|scala):\d+\)|panicked at /;
const ERROR_MESSAGE =
  /\b\p{Lu}?[\p{L}]*(Error|Exception|Warning|Panic)\b:?|^(error|fatal|panic|warning)\b.*:|\b(E[A-Z]{3,}|errno \d+|exit code \d+|segmentation fault)\b/u;
// What messages say, where something in them shows that a program wrote them, and nobody asks.
const COMPLAINT =
  /\b(cannot|can't|could not|couldn't|unable to|failed|failure|invalid|illegal|not found|no such|(not |un)defined|must (be|have)|expected|unexpected|(un|not )supported|refused|denied|timed out|does not exist|already exists|out of range|missing|required|reverted)\b/i;
const WRITTEN_BY_A_PROGRAM = /: |['"`(]/;
const QUESTION = /^(how|where|what|which|why|when|who|is|are|does|do|can|add|fix|make|find|show)\b/i;

// Punctuation that code has and prose has not.
const CODE_MARKS = /[{}();=]|=>|->|::/g;
const LEAST_CODE_MARKS = 6;

const ASKS_FOR: readonly [FileKind, RegExp][] = [
  [
    'test',
    /\b(tests|tested|specs|spec (files?|tests?|for)|fixtures?|benchmarks?|(unit|integration)[- ]test|test(ing)? (that|for|of|cases?|files?|suites?|helpers?|coverage))\b/i,
  ],
  ['example', /\b(examples?|samples?|demos?|tutorials?|playground)\b/i],
  [
    'changelog',
    /\b(change ?logs?|release notes|release history|what('s| is) new|what changed|breaking changes|(in|since) (which|what) (versions?|releases?)|(which|what) (versions?|releases?) (added|introduced|removed|fixed|changed|broke))\b/i,
  ],
  ['lock', /\b(lock ?files?|locked version|package-lock|yarn\.lock)\b/i],
  ['legacy', /\b(legacy|deprecated|obsolete|old|compat(ibility)?|backwards?)\b/i],
  ['vendored', /\b(vendor(ed)?|third[- ]party|external|bundled)\b/i],
  ['generated', /\b(generated|auto-?generated|minified|dist|bundle)\b/i],
  ['declaration', /\b(type (declaration|definition)s?|typings|\.d\.ts)\b/i],
  ['barrel', /\b(exports?|re-?exports?|entry point|index file|package init)\b/i],
  [
    'document',
    /\b(read ?me|docs?|document(ation|ed)|guid(es?|elines?)|manual|handbook|tutorials?|faq|wiki|install(ing|ation)?|get(ting)? started|quick ?start|setting up|set ?up (guide|instructions)|usage (guide|examples?|instructions)|how to|how (do|can|should|could|would) (i|you|we|one)|configur(e|ing)|(upgrad|migrat)(ing (from|to)|(e|ion)s? (guide|notes|(from|to) (version )?v?\d))|contribut(e|ing|ions?|ors?)|licen[cs]e|requirements|change ?logs?|release notes|what('s| is) new|examples?|(which|what|minimum|supported) (\w+ ){0,4}(versions?|releases?))\b|^set ?up (the |this )?(project|(development )?environment)\b|^usage$/i,
  ],
];
const RECENT =
  /\b(recent(ly)?|latest|newest|last (changed|modified|edited|updated)|(this|last) week|today|yesterday)\b/i;

/** A query of more words than this is a pasted text: what is in it by chance must not decide. */
const LONG_QUERY_WORDS = 60;

/** What somebody asks first of a folder. */
const ABOUT_IT = /^what('s| is| does) (?<it>.{1,60}?)( do| about| for| good for| used for)?\??$/i;
const IT =
  /^((this|the) (whole )?)?(project|library|package|tool|program|app|application|crate|gem|module|framework|repo|repository|code ?base)$|^this$/i;

export interface UnderstandOptions {
  /** Whether `lang:` and `path:` are read as filters; default true. */
  readonly filters?: boolean;
  /** What the folder is called. */
  readonly project?: string;
}

/** Reads a query without a model: what kind it is, which names, files and syntax are in it. Pure; never throws. */
export function understandQuery(query: string, options: UnderstandOptions = {}): UnderstoodQuery {
  const parsed = parseQuery(query, options);
  const { text } = parsed;
  const isLong = text.split(' ', LONG_QUERY_WORDS + 1).length > LONG_QUERY_WORDS;
  const files = distinct((text.slice(0, 20_000).match(FILE) ?? []).map(fileOf)).filter(isFileName);
  const it = ABOUT_IT.exec(text)?.groups?.['it'];
  const isAboutAll = it !== undefined && (IT.test(it) || it.toLowerCase() === options.project?.toLowerCase());
  const names = namesIn(text.slice(0, 20_000));
  return {
    ...parsed,
    terms: queryTerms(text),
    names,
    files,
    kind: kindOf(query, parsed, names, files),
    asksFor: isLong ? new Set() : kindsAskedFor(isAboutAll ? `${text} readme` : text, files),
    isAboutRecent: !isLong && RECENT.test(text),
    isAboutAll,
  };
}

function kindOf(
  query: string,
  parsed: ParsedQuery,
  names: readonly string[],
  files: readonly string[],
): QueryKind {
  const words = parsed.text.split(' ');
  if (STACK_FRAME.test(query.slice(0, 20_000))) return 'error';
  if (files.length > 0 && words.length === 1) return 'path';
  if (parsed.phrases.length === 1 && parsed.phrases[0]!.length >= parsed.text.length) return 'phrase';
  if (words.length <= 3 && names.length >= words.length) return 'name';
  if (words.length === 1) return 'name';
  const start = query.slice(0, 400);
  if ((start.match(CODE_MARKS)?.length ?? 0) >= LEAST_CODE_MARKS) return 'code';
  if (ERROR_MESSAGE.test(start)) return 'error';
  const isMessage = COMPLAINT.test(start) && WRITTEN_BY_A_PROGRAM.test(start) && !QUESTION.test(parsed.text);
  return isMessage ? 'error' : 'sentence';
}

/** Words that only a program has, in lower case. */
function namesIn(text: string): string[] {
  const names: string[] = [];
  NAME.lastIndex = 0; // matchAll would make a copy of the expression, and compile it, for each query
  for (let match = NAME.exec(text); match !== null; match = NAME.exec(text)) {
    const [, quoted, bare, call] = match;
    const found = (quoted ?? bare ?? '').replace(/\(.*$/, '');
    if (quoted === undefined && call === undefined && !isNameLike(found)) continue;
    const parts = found.split(/\.|::|->|#/).map((part) => part.replaceAll(/[^\p{L}\p{N}_$-]/gu, ''));
    for (const part of parts.length > 1 ? [parts.at(-1)!, parts.at(-2)!] : parts)
      if (part.length > 1) names.push(part.toLowerCase());
  }
  return distinct(names);
}

function isNameLike(word: string): boolean {
  const bare = word.replace(/[!?]$/, '');
  if (/[._]$/.test(bare)) return false;
  return (
    /^[$@#]./.test(bare) ||
    /[\p{L}\p{N}]_[\p{L}\p{N}]|^_|::|->|\w\.\w/u.test(bare) ||
    INNER_CAPITAL.test(bare)
  );
}

/** `src\lib\A.ts:12` -> `src/lib/a.ts` */
function fileOf(found: string): string {
  return found
    .replaceAll('\\', '/')
    .replace(/^(\.{1,2}\/|\/|~\/)+/, '')
    .replace(/[.]+$/, '')
    .toLowerCase();
}

/** `e.g`, `v1.2` and `and/or` are no files. */
function isFileName(file: string): boolean {
  return (
    file.length > 3 &&
    (/\.[a-z][a-z0-9]{0,5}$/.test(file) ? !/^[a-z]\.[a-z]$/.test(file) : file.split('/').length > 2)
  );
}

function kindsAskedFor(text: string, files: readonly string[]): ReadonlySet<FileKind> {
  const kinds = ASKS_FOR.filter(([, pattern]) => pattern.test(text)).map(([kind]) => kind);
  return new Set([...kinds, ...files.map(fileKind)]);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
