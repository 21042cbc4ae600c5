/** From so many paths on all files are compared, which costs less than looking for each. */
const MOST_PATHS = 1_000;

/**
 * From so many reports on some may have been lost: the kernel's queue holds 16,384 (fs.inotify.max_queued_events), and
 * only loses what comes while it is full, so that they arrive with the loss. They come within one turn of the event loop.
 */
const MOST_REPORTS = 8_000;

/** Of a folder's names, those that say what else in it is to be indexed. */
const RULE_FILES = new Set(['.gitignore', '.embed-searchignore', '.git', 'CACHEDIR.TAG', 'pyvenv.cfg']);

/** What is to be looked at again: some paths, or all. */
export type Changes = { readonly all: true } | { readonly all: false; readonly paths: readonly string[] };

/** Collects what a watcher reports until somebody takes it. */
export class ChangeLog {
  readonly #paths = new Set<string>();
  readonly #onFirst: () => void;
  #all = false;
  #reports = 0;
  /** When the first and the last of them came, by `performance.now()`; null while there are none. */
  firstAt: number | null = null;
  lastAt = 0;

  /** `onFirst` is called with the first change since the last were taken. */
  constructor(onFirst: () => void) {
    this.#onFirst = onFirst;
  }

  get isBurst(): boolean {
    return this.#all;
  }

  /** `path` relative to the root, `/` between the names; empty, or left out, where nobody knows what has changed. */
  add(path = ''): void {
    this.lastAt = performance.now();
    if (this.firstAt === null) {
      this.firstAt = this.lastAt;
      this.#onFirst();
    }
    if (this.#all) return;
    const slash = path.lastIndexOf('/');
    // Rules hold for all that is beside them, and below.
    const changed = RULE_FILES.has(path.slice(slash + 1)) ? path.slice(0, Math.max(0, slash)) : path;
    this.#paths.add(changed);
    this.#reports += 1;
    if (changed !== '' && this.#paths.size < MOST_PATHS && this.#reports < MOST_REPORTS) return;
    this.#all = true;
    this.#paths.clear();
  }

  take(): Changes {
    const changes: Changes = this.#all ? { all: true } : { all: false, paths: [...this.#paths] };
    this.#paths.clear();
    this.#all = false;
    this.#reports = 0;
    this.firstAt = null;
    return changes;
  }

  /** For changes that were taken and came to nothing. */
  putBack(changes: Changes): void {
    if (changes.all) this.add();
    else for (const path of changes.paths) this.add(path);
  }
}
