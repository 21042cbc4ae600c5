import { EmbedSearchError } from '../errors.js';

export const STATUS_URI = 'embed-search://status';
export const LINES_TEMPLATE = 'embed-search://lines/{root}/{+path}{?start,end}';

export interface LinesAddress {
  /** Which of the server's roots, from 0 on. */
  readonly root: number;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

/** Lines of a file as a resource. */
export function linesUri({ root, path, startLine, endLine }: LinesAddress): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `embed-search://lines/${root}/${encoded}?start=${startLine}&end=${endLine}`;
}

/** Undefined for another address. Throws USAGE for one of ours that is not well formed. */
export function parseLinesUri(uri: string): LinesAddress | undefined {
  const match = /^embed-search:\/\/lines\/(\d{1,6})\/([^?#]+)(?:\?([^#]*))?$/u.exec(uri);
  if (match === null) return undefined;
  const query = new URLSearchParams(match[3] ?? '');
  try {
    const path = match[2]!.split('/').map(decodeURIComponent).join('/');
    const startLine = lineOf(query.get('start')) ?? 1;
    return { root: Number(match[1]), path, startLine, endLine: lineOf(query.get('end')) ?? startLine + 199 };
  } catch {
    throw new EmbedSearchError('USAGE', `${uri} is not well formed.`, {
      fix: 'Take the address from a hit.',
    });
  }
}

function lineOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const line = Number(text);
  if (!Number.isSafeInteger(line) || line < 1) throw new RangeError(text);
  return line;
}
