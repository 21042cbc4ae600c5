import { ERROR_CODES, EmbedSearchError } from '../errors.js';
import type { Palette } from './palette.js';

export interface ErrorDocument {
  readonly code: string;
  readonly message: string;
  readonly fix: string;
}

/** Any thrown thing as the `error` of a JSON document. */
export function errorDocument(error: unknown): ErrorDocument {
  if (error instanceof EmbedSearchError) return { code: error.code, message: error.message, fix: error.fix };
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'BUG', message, fix: ERROR_CODES.BUG.fix };
}

export function exitCodeOf(error: unknown): number {
  return error instanceof EmbedSearchError ? error.exitCode : ERROR_CODES.BUG.exit;
}

/** Any thrown thing for people: what happened, then the next step. Only a bug of ours shows a stack. */
export function renderError(error: unknown, palette: Palette): string {
  const { message, fix } = errorDocument(error);
  return `${palette.red('Error:')} ${message}\n${palette.dim(fix)}\n`;
}
