import type { DryRunResult, IndexResult, SkippedFile } from '../indexing/types.js';
import { formatCount, formatSeconds, plural, printable } from './format.js';
import type { Palette } from './palette.js';
import { renderMemory } from './render-memory.js';

/** What a run did, for people. */
export function renderIndex(result: IndexResult, isWhole: boolean, palette: Palette): string {
  const { files, chunks, seconds } = result;
  const vectors =
    chunks.withVectors === chunks.total
      ? 'all with vectors'
      : `${formatCount(chunks.withVectors)} with vectors, the rest by words alone`;
  const lines = [
    `${isWhole ? palette.green('Indexed') : palette.yellow('Indexed in part')} ${palette.bold(printable(result.root))} in ${formatSeconds(seconds)}`,
    `  files   ${changes([
      [files.indexed, 'new or changed'],
      [files.unchanged, 'unchanged'],
      [files.removed, 'removed'],
      [files.skipped, 'left out'],
    ])}`,
    `  chunks  ${formatCount(chunks.total)}, ${vectors} (${formatCount(chunks.embedded)} embedded now)`,
  ];
  if (result.model) lines.push(`  model   ${result.model.id}, ${result.model.dimensions} dimensions`);
  if (result.restarts > 0) lines.push(`  the embedder was restarted ${plural(result.restarts, 'time')}`);
  const reasons = skipReasons(result.skipped);
  if (reasons) lines.push(palette.dim(`  left out: ${reasons}; --dry-run lists them`));
  lines.push(palette.dim(renderMemory(result.memory)));
  return `${lines.join('\n')}\n`;
}

/** Every file that a run would take or leave out, one a line. */
export function renderDryRun(result: DryRunResult, palette: Palette): string {
  const lines: string[] = [];
  for (const path of result.changed) lines.push(`${palette.green('index')}  ${printable(path)}`);
  for (const { path, reason, detail } of result.skipped) {
    lines.push(
      `${palette.yellow('skip')}   ${printable(path)}  ${palette.dim(detail ? `${reason}: ${detail}` : reason)}`,
    );
  }
  const { changed, unchanged, skipped } = result.files;
  const summary = changes([
    [changed, 'to index'],
    [unchanged, 'unchanged'],
    [skipped, 'left out'],
  ]);
  lines.push(`${palette.bold(printable(result.root))}: ${summary}. Nothing was written.`);
  return `${lines.join('\n')}\n`;
}

function changes(counts: readonly (readonly [number, string])[]): string {
  const said = counts.filter(([count]) => count > 0).map(([count, what]) => `${formatCount(count)} ${what}`);
  return said.length > 0 ? said.join(', ') : 'none';
}

function skipReasons(skipped: readonly SkippedFile[]): string {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  return sorted.map(([reason, count]) => `${formatCount(count)} ${reason}`).join(', ');
}
