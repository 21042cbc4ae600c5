import type { LiveSession } from '../diagnostics/sessions.js';
import { renderMemoryTable } from './render-memory-table.js';
import type { Palette } from './palette.js';

/** The hosts at work and what they take; on a terminal each picture takes the place of the one before. */
export function renderSessions(
  sessions: readonly LiveSession[],
  palette: Palette,
  { isTTY = false, columns = 0 }: { readonly isTTY?: boolean; readonly columns?: number },
): string {
  const bars = isTTY && columns > 0;
  const clear = bars ? '\u001B[H\u001B[J' : '';
  if (sessions.length === 0) return `${clear}Nothing works on this index now.\n`;
  const tables = sessions.map(
    ({ pid, command, memory }) =>
      `${palette.bold(command)}\n${renderMemoryTable(memory, palette, { bars, hostPid: pid })}`,
  );
  return `${clear}${tables.join('\n')}${bars ? '' : '\n'}`;
}
