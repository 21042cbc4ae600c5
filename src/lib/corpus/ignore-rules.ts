import ignore, { type Ignore } from 'ignore';

// `ignore` remembers every path that it was asked about; a fresh copy of the rules drops that memory.
const MAX_REMEMBERED_PATHS = 10_000;

// git is case-sensitive by default on Linux, and ripgrep is everywhere.
const OPTIONS = { ignoreCase: false };

export type Verdict = { readonly ignored: boolean; readonly rule: string } | undefined;

/** The patterns of one ignore file, asked by paths relative to the root of the walk. */
export class IgnoreRules {
  readonly #where: { readonly name: string; readonly base: string; readonly above: string };
  #patterns: Ignore;
  #asked = 0;

  /**
   * `where.name`: the file, for people. `where.base`: the folder of the file below the root of the walk (`a/b/`, or
   * empty). `where.above`: for a file above the root, the way from its folder to the root (`x/y/`), else empty.
   */
  constructor(text: string, where: { name: string; base: string; above: string }) {
    this.#where = where;
    this.#patterns = ignore(OPTIONS).add(text);
    // The user named the root: whether a folder on the way to it is ignored does not matter.
    const parts = where.above.split('/').slice(0, -1);
    for (let count = 1; count <= parts.length; count++) {
      this.#patterns.add(reinclusion(`${parts.slice(0, count).join('/')}/`));
    }
  }

  /** What these patterns say of a path (a folder's ends with `/`); undefined when they say nothing. */
  test(path: string): Verdict {
    if (++this.#asked % MAX_REMEMBERED_PATHS === 0) this.#patterns = ignore(OPTIONS).add(this.#patterns);
    const { ignored, unignored, rule } = this.#patterns.test(this.#relative(path));
    if (ignored) return { ignored, rule: `${this.#where.name}: ${rule?.pattern ?? ''}` };
    return unignored ? { ignored, rule: this.#where.name } : undefined;
  }

  /** The same patterns below a folder that they ignore, but that a stronger file has brought back. */
  reincluding(folder: string): IgnoreRules {
    const copy = new IgnoreRules('', this.#where);
    copy.#patterns = ignore(OPTIONS)
      .add(this.#patterns)
      .add(reinclusion(this.#relative(folder)));
    return copy;
  }

  #relative(path: string): string {
    return this.#where.above + path.slice(this.#where.base.length);
  }
}

/** A pattern that brings back exactly this folder. As an object, so that a line break in a name does not split it. */
function reinclusion(folder: string): { pattern: string }[] {
  return [{ pattern: `!/${folder.replace(/[\\*?[\] ]/g, String.raw`\$&`)}` }];
}
