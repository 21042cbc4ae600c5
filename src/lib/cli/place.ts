import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { pathInside } from '../config.js';
import { EmbedSearchError } from '../errors.js';

/** A line of a file, as somebody typed it. */
export interface TypedPlace {
  readonly file: string;
  /** 1-based */
  readonly line: number;
}

/** `src/a.ts:12` -> file and line; what stands before the last colon is the file. Throws USAGE. */
export function parsePlace(typed: string): TypedPlace {
  const [, file, line] = /^(.+):(\d+)$/s.exec(typed) ?? [];
  const number = Number(line);
  if (file !== undefined && Number.isSafeInteger(number) && number >= 1) return { file, line: number };
  throw new EmbedSearchError('USAGE', `"${typed}" names no line of a file.`, {
    fix: 'Name a file and a line from 1 on, as hits do: --like src/upload.ts:42',
  });
}

/**
 * The path that the index knows a typed one by: of a file that is there, where it is below the root; else as it stands,
 * since hits name files by their paths from the root.
 */
export function indexedPath(file: string, root: string): string {
  const absolute = path.resolve(file);
  if (!existsSync(absolute)) return slashed(path.normalize(file));
  const direct = pathInside(root, absolute);
  if (direct !== undefined) return slashed(direct);
  return slashed(path.relative(realpathSync(root), realpathSync(absolute)));
}

function slashed(file: string): string {
  return file.replaceAll(path.sep, '/');
}
