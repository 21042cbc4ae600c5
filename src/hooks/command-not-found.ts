import type { Hook } from '@oclif/core/hooks';
import { nearest } from '../lib/cli/nearest.js';
import { paletteFor } from '../lib/cli/palette.js';
import { errorDocument, renderError } from '../lib/cli/render-error.js';
import { EmbedSearchError } from '../lib/errors.js';

/** An unknown command names the nearest one and ends with 127; it never asks back. */
const hook: Hook.CommandNotFound = function ({ id, argv, config }) {
  const known = nearest(id, config.commandIDs);
  const error = new EmbedSearchError('COMMAND_UNKNOWN', `There is no command "${id}".`, {
    ...(known === undefined
      ? {}
      : { fix: `Did you mean embed-search ${known}? Run embed-search --help to see all.` }),
  });
  process.exitCode = error.exitCode;
  if (argv?.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ ok: false, error: errorDocument(error), warnings: [] })}\n`);
  } else {
    process.stderr.write(renderError(error, paletteFor(process.stderr)));
  }
  return Promise.resolve();
};

export default hook;
