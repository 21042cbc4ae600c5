interface Listening {
  readonly reactions: Set<() => void>;
  readonly stop: () => void;
}

const listening = new WeakMap<AbortSignal, Listening>();

/**
 * Calls `react` when a signal aborts, until the function that it gives back is called. A signal has one listener for
 * all of its texts: Node warns of more than ten, and keeps a signal alive that still has one.
 */
export function onAbort(signal: AbortSignal, react: () => void): () => void {
  const { reactions, stop } = listening.get(signal) ?? listen(signal);
  reactions.add(react);
  return () => {
    if (reactions.delete(react) && reactions.size === 0) stop();
  };
}

function listen(signal: AbortSignal): Listening {
  const reactions = new Set<() => void>();
  const abort = (): void => {
    for (const react of reactions) react();
  };
  const stop = (): void => {
    signal.removeEventListener('abort', abort);
    listening.delete(signal);
  };
  const started = { reactions, stop };
  listening.set(signal, started);
  signal.addEventListener('abort', abort, { once: true });
  return started;
}
