import { EmbedSearchError, type ErrorCode } from '../errors.js';

const SIGNAL_CODES: Record<string, ErrorCode> = {
  SIGINT: 'INTERRUPTED',
  SIGTERM: 'TERMINATED',
  SIGHUP: 'HUNG_UP',
};

/** How long a command may take to put things in order after a signal, before the process leaves anyway. */
const GRACE_MILLISECONDS = 5_000;

/**
 * An AbortSignal that Ctrl-C, SIGTERM and SIGHUP abort with the error that the command then ends with.
 * A second signal, or a command that does not end in time, leaves at once; the embedder leaves with us.
 */
export function abortOnSignals(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    const error = new EmbedSearchError(SIGNAL_CODES[name]!, `Stopped by ${name}.`);
    if (controller.signal.aborted) process.exit(error.exitCode);
    controller.abort(error);
    setTimeout(() => process.exit(error.exitCode), GRACE_MILLISECONDS).unref();
  };
  for (const name of Object.keys(SIGNAL_CODES)) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of Object.keys(SIGNAL_CODES)) process.off(name, onSignal);
    },
  };
}
