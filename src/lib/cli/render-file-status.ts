import type { FileStatus } from '../diagnostics/file-status.js';
import { formatCount, plural, printable } from './format.js';
import type { Palette } from './palette.js';
import { staleNote } from './stale-note.js';

/** One file, or one folder, for people. */
export function renderFileStatus(status: FileStatus, palette: Palette): string {
  if (status.files !== undefined) return renderFolder(status, status.files, palette);
  const { chunks, language, problems } = status;
  const lines = [palette.bold(printable(status.path))];
  const why = [status.reason, status.detail].filter((part) => part !== undefined).join(': ');
  if (!status.indexed) lines.push(palette.yellow(`  not in the index  ${printable(why)}`));
  else {
    lines.push(
      `  in the index      ${plural(chunks?.total ?? 0, 'chunk')}, ${chunks?.withVectors ?? 0} with vectors`,
    );
    lines.push(`  language          ${language ?? 'unknown'}`);
    const fresh =
      why === '' ? `changed since; take it in with: ${printable(status.indexCommand)}` : printable(why);
    lines.push(`  freshness         ${status.stale ? palette.yellow(fresh) : 'as the file is now'}`);
  }
  for (const { startLine, reason } of problems) {
    if (startLine !== undefined)
      lines.push(palette.yellow(`  no vector         line ${startLine}: ${printable(reason)}`));
  }
  return `${lines.join('\n')}\n`;
}

function renderFolder(
  { path, reason, detail, indexCommand }: FileStatus,
  files: NonNullable<FileStatus['files']>,
  palette: Palette,
): string {
  const leftOut = `${formatCount(files.leftOut)} left out${files.leftOut > 0 ? `: ${printable(indexCommand)} --dry-run lists them` : ''}`;
  const lines = [
    palette.bold(printable(`${path}/`)),
    `  a folder          ${plural(files.indexed, 'file')} in the index, ${leftOut}`,
  ];
  const why = [reason, detail].filter((part) => part !== undefined).join(': ');
  if (why !== '') lines.push(palette.yellow(`  left out itself   ${printable(why)}`));
  if (why === '' || files.indexed > 0) lines.push(`  freshness         ${staleNote(files, indexCommand)}`);
  return `${lines.join('\n')}\n`;
}
