import type { Staleness } from '../diagnostics/staleness.js';
import { plural, printable } from './format.js';

/** How far the files have moved away from the index, in a sentence; `command` brings it up to date. */
export function staleNote({ changed, added, removed }: Staleness, command: string): string {
  if (changed + added + removed === 0) return 'up to date with the files on disk';
  return `${plural(changed, 'file')} changed, ${added} new, ${removed} gone since the last run: run ${printable(command)}`;
}
