import { join, relative, sep } from 'node:path';
import { gitInfoExclude, globalExcludesFile, hasGit, repositoryRoot } from './git-folders.js';
import { IgnoreRules, type Verdict } from './ignore-rules.js';
import { readSmallFile } from './read-small-file.js';

const OWN_IGNORE_FILE = '.embed-searchignore';

/**
 * The ignore files that hold in a folder, the deepest first in each list. As in ripgrep, any `.embed-searchignore`
 * wins over any `.gitignore`, that over `.git/info/exclude`, and that over the user's global excludes.
 */
export interface IgnoreStack {
  readonly own: readonly IgnoreRules[];
  /** What `.embed-searchignore` files bring back by a pattern without wildcards, as positive patterns. */
  readonly spelledOut: readonly IgnoreRules[];
  readonly git: readonly IgnoreRules[];
  readonly exclude: readonly IgnoreRules[];
  readonly global: readonly IgnoreRules[];
}

export interface StackVerdict {
  readonly ignored: boolean;
  /** A pattern brings the path back explicitly; `own`: one of `.embed-searchignore`. */
  readonly included: 'own' | 'git' | undefined;
  readonly rule: string;
}

const UNDECIDED: StackVerdict = { ignored: false, included: undefined, rule: '' };

export function decide(stack: IgnoreStack, path: string): StackVerdict {
  const own = firstVerdict(stack.own, path);
  const verdict =
    own ??
    firstVerdict(stack.git, path) ??
    firstVerdict(stack.exclude, path) ??
    firstVerdict(stack.global, path);
  if (verdict === undefined) return UNDECIDED;
  const included = verdict.ignored ? undefined : own === undefined ? 'git' : 'own';
  return { ignored: verdict.ignored, included, rule: verdict.rule };
}

/** Whether an `.embed-searchignore` brings the path back by its name, not by a wildcard. */
export function isSpelledOut(stack: IgnoreStack, path: string): boolean {
  return firstVerdict(stack.spelledOut, path)?.ignored === true;
}

/** The stack in the root of the walk: its own ignore files, those above it up to the top of its repository, and the global excludes. */
export function rootStack(root: string): IgnoreStack {
  const globalText = readSmallFile(globalExcludesFile());
  const top = repositoryRoot(root) ?? root;
  const above = relative(top, root).split(sep).filter(Boolean);
  const where = (parts: readonly string[]): string => parts.map((part) => `${part}/`).join('');
  let stack: IgnoreStack = {
    own: [],
    spelledOut: [],
    git: [],
    exclude: [],
    global:
      globalText === undefined
        ? []
        : [new IgnoreRules(globalText, { name: "git's global excludes", base: '', above: where(above) })],
  };
  for (let depth = 0; depth <= above.length; depth++) {
    stack = withFilesOf(stack, join(top, ...above.slice(0, depth)), '', where(above.slice(depth)));
  }
  return stack;
}

/**
 * The stack inside `folder` (absolute, and as a path below the root that ends with `/`), given that of its parent.
 * `.gitignore` counts with or without a repository: an unpacked release is the same project.
 */
export function enter(parent: IgnoreStack, absolute: string, folder: string): IgnoreStack {
  return withFilesOf(hasGit(absolute) ? { ...parent, git: [], exclude: [] } : parent, absolute, folder, '');
}

/** The stack below a folder that `decide` found to be brought back: the weaker rules that ignore it must let it be. */
export function reincluding(stack: IgnoreStack, folder: string): IgnoreStack {
  const relax = (rules: readonly IgnoreRules[]): readonly IgnoreRules[] =>
    rules.map((each) => (each.test(folder)?.ignored === true ? each.reincluding(folder) : each));
  return {
    own: relax(stack.own),
    spelledOut: stack.spelledOut,
    git: relax(stack.git),
    exclude: relax(stack.exclude),
    global: relax(stack.global),
  };
}

/** Adds the ignore files that lie in one folder. `above`: the way down to the root, for a folder above it. */
function withFilesOf(stack: IgnoreStack, absolute: string, base: string, above: string): IgnoreStack {
  const add = (
    rules: readonly IgnoreRules[],
    text: string | undefined,
    name: string,
  ): readonly IgnoreRules[] =>
    text === undefined ? rules : [new IgnoreRules(text, { name, base, above }), ...rules];
  const place = above === '' ? base : '../'.repeat(above.split('/').length - 1);
  const own = readSmallFile(join(absolute, OWN_IGNORE_FILE));
  const exclude = gitInfoExclude(absolute);
  return {
    own: add(stack.own, own, place + OWN_IGNORE_FILE),
    spelledOut: add(stack.spelledOut, own === undefined ? own : spelledOutIn(own), place + OWN_IGNORE_FILE),
    git: add(stack.git, readSmallFile(join(absolute, '.gitignore')), `${place}.gitignore`),
    exclude:
      exclude === undefined
        ? stack.exclude
        : add(stack.exclude, readSmallFile(exclude), `${place}.git/info/exclude`),
    global: stack.global,
  };
}

function firstVerdict(rules: readonly IgnoreRules[], path: string): Verdict {
  for (const each of rules) {
    const verdict = each.test(path);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

function spelledOutIn(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => /^![^*?[]+$/.test(line))
    .map((line) => line.slice(1))
    .join('\n');
}
