import type { FileStatus } from '../diagnostics/file-status.js';
import { plural, printable } from './format.js';
import type { Palette } from './palette.js';

/** One file, for people. */
export function renderFileStatus(status: FileStatus, palette: Palette): string {
  const { chunks, language, problems } = status;
  const lines = [palette.bold(printable(status.path))];
  const why = [status.reason, status.detail].filter((part) => part !== undefined).join(': ');
  if (!status.indexed) lines.push(palette.yellow(`  not in the index  ${printable(why)}`));
  else {
    lines.push(
      `  in the index      ${plural(chunks?.total ?? 0, 'chunk')}, ${chunks?.withVectors ?? 0} with vectors`,
    );
    lines.push(`  language          ${language ?? 'unknown'}`);
    const fresh = why === '' ? 'changed since; take it in with: embed-search index' : printable(why);
    lines.push(`  freshness         ${status.stale ? palette.yellow(fresh) : 'as the file is now'}`);
  }
  for (const { startLine, reason } of problems) {
    if (startLine !== undefined)
      lines.push(palette.yellow(`  no vector         line ${startLine}: ${printable(reason)}`));
  }
  return `${lines.join('\n')}\n`;
}
