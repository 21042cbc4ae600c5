import { indexInProcess } from '../indexing/index-process.js';
import type { IndexOptions, IndexOutcome, IndexProgress } from '../indexing/types.js';
import { EmbedSearchError } from '../errors.js';
import type { CallProgress } from './types.js';

type Listener = (progress: CallProgress) => void;

/**
 * A run that brings an index up to date, in a process of its own. Who asks for one while it is on joins it; it stops
 * when all who asked have given up, but not one that the server wants by itself.
 */
export class UpdateRun {
  readonly outcome: Promise<IndexOutcome>;
  /** Settles when words can be searched, or the run has ended before. */
  readonly wordsReady: Promise<void>;
  readonly #controller = new AbortController();
  readonly #listeners = new Set<Listener>();
  #askers = 0;
  #wanted: boolean;
  #last: CallProgress = { progress: 0, message: 'Starting' };

  /** `wanted`: by the server itself, not only by who waits for it. */
  constructor(options: Omit<IndexOptions, 'signal' | 'onProgress'>, wanted: boolean) {
    this.#wanted = wanted;
    let onWords!: () => void;
    this.wordsReady = new Promise((resolve) => (onWords = resolve));
    this.outcome = indexInProcess(options, {
      signal: this.#controller.signal,
      onProgress: (event) => {
        if (event.phase === 'words-ready') onWords();
        this.#tell(event);
      },
    });
    this.outcome.then(onWords, onWords);
  }

  get progress(): CallProgress {
    return this.#last;
  }

  /** From now on it goes on when nobody waits for it any more. */
  keep(): void {
    this.#wanted = true;
  }

  /** It ends soon: nothing to join any more. */
  get isStopped(): boolean {
    return this.#controller.signal.aborted;
  }

  stop(): void {
    this.#controller.abort(
      new EmbedSearchError('INTERRUPTED', 'The update was stopped; what is done is kept.', {
        fix: 'Call update_index again; it goes on where it stopped.',
      }),
    );
  }

  /** The outcome, or the signal's reason when the caller gives up before. */
  async join(signal: AbortSignal, listener: Listener | undefined): Promise<IndexOutcome> {
    signal.throwIfAborted();
    this.#askers++;
    if (listener) {
      listener(this.#last);
      this.#listeners.add(listener);
    }
    let leave!: () => void;
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason as Error);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([this.outcome, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      if (listener) this.#listeners.delete(listener);
      this.#askers--;
      if (this.#askers === 0 && !this.#wanted) this.stop();
    }
  }

  #tell(event: IndexProgress): void {
    this.#last = described(event, this.#last.progress);
    for (const listener of this.#listeners) listener(this.#last);
  }
}

/** Progress only grows, as the protocol asks; of a total nothing is known before the words are done. */
function described(event: IndexProgress, before: number): CallProgress {
  switch (event.phase) {
    case 'walking':
      return { progress: Math.max(before, event.filesSeen), message: `Reading files: ${event.filesSeen}` };
    case 'words-ready':
      return {
        progress: before,
        message: `Words of ${event.chunks} chunks can be searched; ${event.pending} to embed`,
      };
    case 'loading-model':
      return { progress: before, message: `Loading ${event.model}` };
    case 'embedding':
      return {
        progress: Math.max(before, event.done),
        ...(before > event.total ? {} : { total: event.total }),
        message: `Embedding: ${event.done} of ${event.total} chunks`,
      };
    case 'publishing':
      return { progress: before, message: 'Writing the index' };
  }
}
