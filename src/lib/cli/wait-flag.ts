import { existsSync } from 'node:fs';
import * as Flags from '@oclif/core/flags';
import { EmbedSearchError } from '../errors.js';

const AS_LONG_AS_IT_TAKES = 'forever';

/** Seconds; Infinity where none are given. */
export const waitFlag = Flags.custom<number>({
  description:
    'Wait for another run on the same index to end, as long as it takes or for so many seconds; else exit with 6.',
  helpValue: '[SECONDS]',
  env: 'EMBED_SEARCH_WAIT',
  parse: (input) => {
    if (/^(forever|true|yes|y)$/i.test(input)) return Promise.resolve(Infinity);
    if (/^\d+(\.\d+)?$/.test(input)) return Promise.resolve(Number(input));
    throw new EmbedSearchError('USAGE', `--wait takes a number of seconds, or none, not "${input}".`, {
      fix: 'For example: --wait, or --wait 60.',
    });
  },
})();

/** oclif knows no flag whose value may be left out: one that is followed by no number gets a word for it. */
export function waitArguments(args: readonly string[]): string[] {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  return args.flatMap((arg, index) => {
    if (arg !== '--wait' || index >= end) return [arg];
    const next = args[index + 1] ?? '';
    // A folder may be called 2024; it can also be written ./2024.
    const isSeconds = index + 1 < end && /^\d+(\.\d+)?$/.test(next) && !existsSync(next);
    return isSeconds ? [arg] : [`--wait=${AS_LONG_AS_IT_TAKES}`];
  });
}
