import type { IndexResult } from '../indexing/types.js';
import type { WatchNotice } from '../indexing/watch-folder.js';
import { formatSeconds, plural, printable } from './format.js';
import type { Palette } from './palette.js';

/** A run of a watch after its first, in a line. */
export function renderRun(
  { files, chunks, seconds }: IndexResult,
  isWhole: boolean,
  palette: Palette,
): string {
  const changes = [
    files.indexed > 0 ? `${plural(files.indexed, 'file')} new or changed` : '',
    files.removed > 0 ? `${plural(files.removed, 'file')} removed` : '',
  ].filter(Boolean);
  const what = changes.join(', ') || 'brought up to date';
  const without = chunks.total - chunks.withVectors;
  const embedded = chunks.embedded > 0 ? `, ${plural(chunks.embedded, 'chunk')} embedded` : '';
  const missing =
    !isWhole && without > 0 ? palette.yellow(`, ${plural(without, 'chunk')} without a vector`) : '';
  return `${palette.dim(timeOfDay())}  ${what}${embedded}${missing} ${palette.dim(`(${formatSeconds(seconds)})`)}\n`;
}

/** What a watch has to say beside its runs, in a line or two. */
export function renderNotice(notice: WatchNotice, palette: Palette): string {
  switch (notice.kind) {
    case 'watching':
      return palette.dim(`Watching ${printable(notice.root)}. Ctrl-C ends it.`);
    case 'comparing':
      return `All files are compared every ${formatSeconds(notice.everySeconds)}: ${notice.reason}.`;
    case 'waiting':
      return `The index is being written by ${notice.holder}; waiting for it to end.`;
    case 'trouble':
      return `${palette.yellow('Warning:')} ${notice.error.message} Trying again in ${formatSeconds(notice.againInSeconds)}.`;
  }
}

function timeOfDay(): string {
  return new Date().toTimeString().slice(0, 8);
}
