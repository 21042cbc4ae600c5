import type { Staleness } from '../diagnostics/staleness.js';
import { plural } from './format.js';

/** How far the files have moved away from the index, in a sentence. */
export function staleNote({ changed, added, removed }: Staleness): string {
  if (changed + added + removed === 0) return 'up to date with the files on disk';
  return `${plural(changed, 'file')} changed, ${added} new, ${removed} gone since the last run: run embed-search index`;
}
