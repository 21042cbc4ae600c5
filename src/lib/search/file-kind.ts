import { contentKind, detectLanguage } from '../corpus/language.js';

/**
 * What a file is by its path, where that makes it less likely to be what somebody looks for. `source` is everything
 * else.
 */
export type FileKind =
  | 'source'
  | 'test'
  | 'generated'
  | 'vendored'
  | 'legacy'
  | 'changelog'
  | 'lock'
  | 'example'
  | 'declaration'
  | 'barrel'
  | 'document';

const TEST_FOLDER =
  /(^|\/)(tests?|__tests__|specs?|e2e|testdata|test[-_]?data|fixtures?|__fixtures__|__mocks__|mocks?|benchmarks?|bench(es)?|[a-z0-9]+[-_.]tests?)\//;
const TEST_NAME =
  /(^|\/)(test_[^/]*|tests?|conftest|[^/]*([-_.](tests?|specs?|bench|benchmark|e2e|stories)|[a-z0-9](Tests?|TestCase|Specs?|IT)))\.[a-z0-9]+$/;
const VENDORED_FOLDER =
  /(^|\/)(vendor(ed)?|third[-_]?party|external|externals|extern|node_modules|bower_components|deps|contrib)\//;
const LEGACY_PART = /(^|[/._-])(legacy|deprecated|obsolete|compat|old|attic|archive)([/._-]|$)/;
const EXAMPLE_FOLDER = /(^|\/)(examples?|samples?|demos?|playground|tutorials?|snippets)\//;
const CHANGELOG_NAME =
  /(^|\/)(changelog|changes|history|news|release[-_ ]?notes|releases|whatsnew)(\.[a-z0-9]+)?$|(^|\/)(changelogs?|releases?|release[-_]notes|whatsnew)\//;
const GENERATED_PART =
  /(^|\/)(dist|generated|gen|__generated__|autogen)\/|(\.generated|\.gen|\.pb|_pb2|\.min|\.bundle|_generated)\.[a-z0-9.]+$/;
const LOCK_NAME = /(^|\/)[^/]*([-.]lock(\.[a-z0-9]+)?|\.lockfile|go\.sum|npm-shrinkwrap\.json)$/;
const DECLARATION_NAME = /\.d\.[cm]?ts$/;
const BARREL_NAME = /(^|\/)(index\.[cm]?[jt]sx?|__init__\.py|mod\.rs|package-info\.java|doc\.go)$/;
const DOCUMENT_ENDING =
  /\.(md|mdx|markdown|mdown|mkd|rst|adoc|asciidoc|asc|rdoc|pod|org|textile|texi|texinfo|wiki)$|^docs?\/.*\.html?$/;
// Of files that are in no language of programs, nor lists that these read.
const DOCUMENT_NAME =
  /\.txt$|(^|\/)(readme|contributing|hacking|install|faq|authors|notes|todo|news)([.-][^/]*)?$|^docs?\//;
const READ_BY_PROGRAMS = /(^|\/)(cmakelists|requirements[^/]*|robots)\.txt$/;
// What only has a version is none.
const MANUAL_PAGE =
  /(?<!\.(so|log|c|h|rs|js|ts|py|txt)|(^|[-_.v/])\d{1,4})(?<=[a-z0-9_-])\.[1-9](p|pm|x|ssl|tcl)?(\.in)?$/;

/** The kind of a file; `path` is relative to the root, with `/`. The first kind that fits counts. */
export function fileKind(path: string): FileKind {
  const lower = path.toLowerCase();
  if (LOCK_NAME.test(lower)) return 'lock';
  if (GENERATED_PART.test(lower)) return 'generated';
  if (VENDORED_FOLDER.test(lower)) return 'vendored';
  if (TEST_FOLDER.test(lower) || TEST_NAME.test(path)) return 'test';
  if (CHANGELOG_NAME.test(lower) && !isCode(path)) return 'changelog';
  if (EXAMPLE_FOLDER.test(lower)) return 'example';
  if (LEGACY_PART.test(lower)) return 'legacy';
  if (DECLARATION_NAME.test(lower)) return 'declaration';
  if (isProse(path)) return 'document';
  return BARREL_NAME.test(lower) ? 'barrel' : 'source';
}

/** Whether a file is written for people: a README, a guide, a changelog. */
export function isProse(path: string): boolean {
  const lower = path.toLowerCase();
  if (DOCUMENT_ENDING.test(lower)) return true;
  const isNamedSo = DOCUMENT_NAME.test(lower) || MANUAL_PAGE.test(lower);
  return isNamedSo && !READ_BY_PROGRAMS.test(lower) && !isCode(path);
}

/** `history.rs` is no changelog, and `todo.tsx` no list of what is to be done. */
function isCode(path: string): boolean {
  return contentKind(detectLanguage(path)) === 'code';
}
