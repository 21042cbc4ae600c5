import { EmbedSearchError } from '../errors.js';
import { nearest } from '../config/nearest.js';

/** What oclif threw while it read arguments, flags and their variables, as an error of ours with a sentence and a next step. */
export function usageError(error: unknown, commandId: string, flags: readonly string[]): EmbedSearchError {
  if (!(error instanceof Error)) throw error;
  // oclif writes its own words around the message of an error of ours.
  if (error instanceof EmbedSearchError)
    return new EmbedSearchError(error.code, sentenceOf(error.message), { fix: error.fix, cause: error });
  const help = `Run embed-search ${commandId} --help to see its arguments and flags.`;
  const unknown = 'flags' in error && Array.isArray(error.flags) ? (error.flags as string[]) : [];
  const first = unknown[0];
  if (first !== undefined && error.constructor.name === 'NonExistentFlagsError') {
    const known = nearest(first.replace(/^-+/, ''), flags);
    return new EmbedSearchError('USAGE', `There is no flag ${first}.`, {
      fix: known === undefined ? help : `Did you mean --${known}? ${help}`,
      cause: error,
    });
  }
  return new EmbedSearchError('USAGE', sentenceOf(error.message), { fix: help, cause: error });
}

/** oclif appends its own pointer to --help, and colours and indents the list of reasons. */
function sentenceOf(message: string): string {
  const sentence = message
    .replace(/\nSee more help with --help$/, '')
    // oxlint-disable-next-line no-control-regex -- these are the colours
    .replace(/\u001B\[\d+m/g, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing (--[\w-]+)\s*/, '$1: ')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/^(--[\w-]+): (?=\1)/, '')
    .replace(/ See more help with --help/, '');
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
