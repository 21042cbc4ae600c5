import path from 'node:path';
import { EmbedSearchError } from '../errors.js';
import { LIMITS } from './limits.js';
import { placeOf } from './roots.js';
import { LINES_INPUT, LINES_OUTPUT, PRESETS } from './schemas.js';
import { READ_ONLY, type Tool } from './tool.js';
import type { Answer } from './types.js';
import { linesUri } from './uris.js';
import type { Workspace } from './workspace.js';

interface LinesArguments {
  readonly path: string;
  readonly startLine?: number;
  readonly endLine?: number;
}

export const readLinesTool: Tool<LinesArguments> = {
  name: 'read_lines',
  title: 'Read lines of a file',
  description:
    'Read lines of a text file of the project, for more of what a hit shows. Only below the folders that are searched.',
  inputSchema: LINES_INPUT,
  outputSchema: LINES_OUTPUT,
  annotations: READ_ONLY,
  run: read,
};

async function read(workspace: Workspace, args: LinesArguments): Promise<Answer> {
  const { readLines } = await import('../search/read-lines.js');
  const startLine = args.startLine ?? 1;
  const endLine = args.endLine ?? startLine + PRESETS.lines - 1;
  if (endLine < startLine) {
    throw new EmbedSearchError('USAGE', `endLine ${endLine} is before startLine ${startLine}.`, {
      fix: 'Give the lines in their order.',
    });
  }
  const last = Math.min(endLine, startLine + LIMITS.lines - 1);
  const { root, file } = placeOf(workspace.roots, args.path);
  const found = await readLines({ root: root.folder, file, startLine, endLine: last });
  const shownPath = path.relative(root.folder, file).split(path.sep).join('/');
  const end = startLine + found.lines.length - 1;
  const cut = found.cut ?? (last < endLine ? `At most ${LIMITS.lines} lines are given at once.` : undefined);
  const of = found.totalLines === undefined ? '' : ` of ${found.totalLines}`;
  const body = found.lines.map((line, index) => `${startLine + index}\t${line}`).join('\n');
  return {
    structured: {
      path: shownPath,
      root: root.folder,
      startLine,
      endLine: end,
      ...(found.totalLines === undefined ? {} : { totalLines: found.totalLines }),
      text: found.lines.join('\n'),
      ...(cut === undefined ? {} : { cut }),
      uri: linesUri({
        root: workspace.roots.indexOf(root),
        path: shownPath,
        startLine,
        endLine: Math.max(startLine, end),
      }),
    },
    text: [`${shownPath}, lines ${startLine}-${end}${of}`, ...(cut === undefined ? [] : [cut]), body].join(
      '\n',
    ),
  };
}
