import type { Hook } from '@oclif/core/hooks';
import { nearest } from '../lib/config/nearest.js';
import { paletteFor } from '../lib/cli/palette.js';
import { errorDocument, renderError } from '../lib/cli/render-error.js';
import { EmbedSearchError, ERROR_CODES } from '../lib/errors.js';

/** An unknown command names the nearest one and ends with 127; it never asks back. */
const hook: Hook.CommandNotFound = function ({ id, argv, config }) {
  // oclif joins words that it takes for topics with colons.
  const word = id.split(':')[0]!;
  const [, extra] = id.split(':');
  if (extra !== undefined && config.commandIDs.includes(word)) {
    report(new EmbedSearchError('USAGE', `Unexpected argument: ${extra}.`), argv);
    return Promise.resolve();
  }
  // `model lst` is meant to be one of `model`'s, `serach foo` a command of one word.
  const isOfTopic = extra !== undefined && config.commandIDs.some((known) => known.startsWith(`${word}:`));
  const asked = isOfTopic ? `${word}:${extra}` : word;
  const known = nearest(asked, config.commandIDs) ?? synonymOf(asked);
  const fix = known === undefined ? '' : `Did you mean embed-search ${inWords(known)}? `;
  const error = new EmbedSearchError('COMMAND_UNKNOWN', `There is no command "${inWords(asked)}".`, {
    fix: fix + ERROR_CODES.COMMAND_UNKNOWN.fix,
  });
  report(error, argv);
  return Promise.resolve();
};

/** What other tools call it. */
const SYNONYMS: Readonly<Record<string, string>> = {
  search: 'query',
  find: 'query',
  ask: 'query',
  grep: 'query',
  mcp: 'serve-mcp',
  serve: 'serve-mcp',
  check: 'doctor',
  models: 'model:list',
  init: 'index',
  embed: 'index',
};

function synonymOf(word: string): string | undefined {
  const synonym = Object.hasOwn(SYNONYMS, word) ? word : nearest(word, Object.keys(SYNONYMS));
  return synonym === undefined ? undefined : SYNONYMS[synonym];
}

function inWords(id: string): string {
  return id.replaceAll(':', ' ');
}

function report(error: EmbedSearchError, args: readonly string[] | undefined): void {
  process.exitCode = error.exitCode;
  if (args?.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ ok: false, error: errorDocument(error), warnings: [] })}\n`);
  } else {
    process.stderr.write(renderError(error, paletteFor(process.stderr)));
  }
}

export default hook;
