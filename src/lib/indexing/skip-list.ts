import type { SkippedEntry } from '../corpus/types.js';
import type { SkippedFile } from './types.js';

/** How many left-out entries a result names; the rest is counted, and `index --dry-run` lists them all. */
const SKIPPED_LISTED = 1_000;

/** What a run left out: a bounded list for the result. */
export class SkipList {
  readonly listed: SkippedFile[] = [];
  #notReadable = 0;
  #firstNotReadable: string | undefined;

  add({ path, reason, detail }: SkippedEntry): void {
    const entry = { path, reason, ...(detail === undefined ? {} : { detail }) };
    if (this.listed.length < SKIPPED_LISTED) this.listed.push(entry);
    if (reason !== 'not-readable') return;
    this.#notReadable += 1;
    this.#firstNotReadable ??= path;
  }

  /** A sentence for what a user would not expect; what is ignored or binary is no surprise. */
  warnings(): string[] {
    if (this.#notReadable === 0) return [];
    const first = this.#firstNotReadable;
    if (this.#notReadable === 1) return [`${first} could not be read.`];
    return [`${this.#notReadable} files or folders could not be read, ${first} first.`];
  }
}
