import type { SkippedEntry } from '../corpus/types.js';
import type { Problem } from '../store/types.js';
import type { SkippedFile } from './types.js';

/** How many left-out entries a result names; the rest is counted, and `index --dry-run` lists them all. */
const SKIPPED_LISTED = 1_000;

/** How many the index remembers, so that `status` does not take them for new files. */
const SKIPPED_KEPT = 20_000;

/** Left out because the user said so, as opposed to something about the file: not kept in the index. */
const BY_RULE = new Set<string>(['ignored', 'hidden']);

/** What a run left out: a bounded list for the result, and what the index remembers for `status`. */
export class SkipList {
  readonly listed: SkippedFile[] = [];
  readonly #problems: Problem[] = [];
  #notReadable = 0;

  add({ path, reason, detail }: SkippedEntry): void {
    const entry = { path, reason, ...(detail === undefined ? {} : { detail }) };
    if (this.listed.length < SKIPPED_LISTED) this.listed.push(entry);
    if (reason === 'not-readable') this.#notReadable += 1;
    if (!BY_RULE.has(reason) && this.#problems.length < SKIPPED_KEPT) this.#problems.push(entry);
  }

  problems(): readonly Problem[] {
    return this.#problems;
  }

  /** A sentence for what a user would not expect; what is ignored or binary is no surprise. */
  warnings(): string[] {
    if (this.#notReadable === 0) return [];
    const first = this.listed.find(({ reason }) => reason === 'not-readable');
    const named = first ? `, ${first.path} first` : '';
    return [`${this.#notReadable} files or folders could not be read${named}.`];
  }
}
