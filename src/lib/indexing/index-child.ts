// The program of a run that a server starts beside itself: see index-process.ts. Talks JSON lines over descriptor 3.
import { writeSync } from 'node:fs';
import { asUserError, EmbedSearchError } from '../errors.js';
import { indexFolder } from './index-folder.js';
import type { IndexMessage } from './index-process.js';
import type { IndexOptions, IndexProgress } from './types.js';

const CHANNEL = 3;
/** Progress is for people: more often than this says no more. */
const PROGRESS_MILLISECONDS = 100;

const controller = new AbortController();
const stop = () =>
  controller.abort(new EmbedSearchError('INTERRUPTED', 'The run was stopped; what is done is kept.'));
process.on('SIGTERM', stop).on('SIGINT', stop);
// The other end is the server's: it closes with it.
process.stdin.on('end', stop).on('error', stop).resume();

try {
  const options = JSON.parse(process.argv[2]!) as IndexOptions;
  const { result, warnings, error } = await indexFolder({
    ...options,
    signal: controller.signal,
    onProgress: progressNowAndThen(),
  });
  send({ kind: 'outcome', result, warnings, error: error && described(error) });
} catch (error) {
  send({ kind: 'failure', error: described(asUserError(error, 'Indexing stopped')) });
}
process.stdin.destroy();

function progressNowAndThen(): (event: IndexProgress) => void {
  let phase = '';
  let sent = 0;
  return (event) => {
    const now = performance.now();
    if (event.phase === phase && now - sent < PROGRESS_MILLISECONDS) return;
    phase = event.phase;
    sent = now;
    send({ kind: 'progress', event });
  };
}

function described(error: unknown) {
  if (error instanceof EmbedSearchError) return { code: error.code, message: error.message, fix: error.fix };
  return {
    code: 'BUG' as const,
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

function send(message: IndexMessage): void {
  try {
    writeSync(CHANNEL, `${JSON.stringify(message)}\n`);
  } catch {
    stop(); // nobody listens any more
  }
}
