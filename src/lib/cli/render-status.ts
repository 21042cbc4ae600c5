import type { IndexStatus } from '../diagnostics/index-status.js';
import { formatBytes, formatCount, formatTime, plural, printable } from './format.js';
import { staleNote } from './stale-note.js';
import type { Palette } from './palette.js';

const SHOWN = 12;

/** The state of an index, for people. */
export function renderStatus(status: IndexStatus, palette: Palette): string {
  const { coverage, bytes, model, lastRun } = status;
  const share = coverage.chunks === 0 ? 100 : Math.floor((coverage.withVectors / coverage.chunks) * 100);
  const lines = [
    palette.bold(printable(status.root)),
    `  index      ${printable(status.indexDir)}, generation ${status.generation}`,
    `  files      ${formatCount(status.files)}`,
    `  chunks     ${formatCount(coverage.chunks)}, ${share} % with vectors`,
    `  languages  ${languages(status)}`,
    `  model      ${model ? `${model.id}, ${model.dimensions} dimensions` : 'none yet'}`,
    `  size       ${formatBytes(bytes.total)} (database ${formatBytes(bytes.database)}, vectors ${formatBytes(bytes.vectors)})`,
    `  freshness  ${status.stale ? staleNote(status.stale, status.indexCommand) : 'the folder is gone'}`,
    `  last run   ${lastRun ? `${lastRun.outcome}, ${whenOf(lastRun)}` : 'none'}`,
  ];
  if (lastRun?.detail !== undefined) lines.push(`             ${printable(lastRun.detail)}`);
  if (status.skippedCount > 0)
    lines.push(palette.dim(`  left out   ${plural(status.skippedCount, 'file')}:`));
  for (const { path, reason, detail } of status.skipped.slice(0, SHOWN)) {
    lines.push(palette.dim(`             ${printable(path)}  ${detail ? `${reason}: ${detail}` : reason}`));
  }
  const more = status.skippedCount - SHOWN;
  if (more > 0) lines.push(palette.dim(`             and ${more} more: see --json`));
  for (const { path, startLine, reason } of status.quarantined) {
    lines.push(palette.yellow(`  no vector  ${printable(path)}:${startLine}  ${reason}`));
  }
  const unnamed = status.quarantinedCount - status.quarantined.length;
  if (unnamed > 0) lines.push(palette.yellow(`             and ${unnamed} more`));
  return `${lines.join('\n')}\n`;
}

/** In the clock of the one who reads it. */
function whenOf({ startedAt, endedAt }: NonNullable<IndexStatus['lastRun']>): string {
  return `${endedAt === undefined ? 'since ' : ''}${formatTime(endedAt ?? startedAt)}`;
}

function languages({ languages: all }: IndexStatus): string {
  const shown = [...all].sort((a, b) => b.chunks - a.chunks).slice(0, SHOWN);
  const more = all.length - shown.length;
  const list = shown.map(({ language, files }) => `${language} ${formatCount(files)}`).join(', ') || 'none';
  return more > 0 ? `${list} and ${more} more` : list;
}
