import { createHash } from 'node:crypto';

import { embedderKey } from './embedder-key.js';
import { embedInOrder } from './embed-in-order.js';
import { onAbort } from './on-abort.js';
import type {
  CacheOptions,
  EmbedderModel,
  EmbedderStats,
  EmbedderStatus,
  Embedding,
  EmbeddingProvider,
  EmbedBatchOptions,
  EmbedOptions,
} from './types.js';

const ENTRY_OVERHEAD_BYTES = 256;
/** As many as a provider has in flight anyway. */
const TEXTS_AT_ONCE = 20;

/**
 * Another provider, with its last vectors remembered: least recently used ones go first. The key is all that decides
 * a vector: model, what is done with it, and text. The same text asked for twice at once is embedded once.
 */
export class CachingProvider implements EmbeddingProvider {
  readonly #inner: EmbeddingProvider;
  readonly #identity: string;
  readonly #mostEntries: number;
  readonly #mostBytes: number;
  readonly #known = new Map<string, Embedding>();
  readonly #asked = new Map<string, SharedCall>();
  #bytes = 0;

  constructor(inner: EmbeddingProvider, model: EmbedderModel, options: CacheOptions = {}) {
    this.#inner = inner;
    this.#identity = embedderKey(model);
    this.#mostEntries = options.entries ?? 1_000;
    this.#mostBytes = options.bytes ?? 16 * 1024 * 1024;
  }

  /** Callers share one vector: treat it as read-only. */
  async embed(text: string, options: EmbedOptions = {}): Promise<Embedding> {
    options.signal?.throwIfAborted();
    const key = createHash('sha256').update(this.#identity).update('\0').update(text).digest('base64');
    const known = this.#known.get(key);
    if (known !== undefined) {
      this.#known.delete(key);
      this.#known.set(key, known); // now the most recently used
      return known;
    }
    let call = this.#asked.get(key);
    if (call === undefined) {
      call = new SharedCall((signal) => this.#inner.embed(text, { signal }));
      this.#asked.set(key, call);
      const asked = call;
      const forget = (): void => {
        if (this.#asked.get(key) === asked) this.#asked.delete(key);
      };
      call.result
        .then(
          (embedding) => this.#remember(key, embedding),
          () => {},
        )
        .finally(forget);
      call.onAbandoned = forget;
    }
    return call.join(options.signal);
  }

  embedBatch(texts: readonly string[], options: EmbedBatchOptions = {}): Promise<Embedding[]> {
    return embedInOrder(texts, { atOnce: TEXTS_AT_ONCE }, options, (text, each) => this.embed(text, each));
  }

  start(): Promise<void> {
    return this.#inner.start();
  }

  status(): EmbedderStatus {
    return this.#inner.status();
  }

  stats(): Promise<EmbedderStats> {
    return this.#inner.stats();
  }

  close(): Promise<void> {
    this.#known.clear();
    this.#bytes = 0;
    return this.#inner.close();
  }

  #remember(key: string, embedding: Embedding): void {
    // A text that was left out may get its vector next time.
    if (!embedding.ok && embedding.reason === 'quarantined') return;
    this.#known.set(key, embedding);
    this.#bytes += cost(embedding);
    for (const [oldest, value] of this.#known) {
      if (this.#known.size <= this.#mostEntries && this.#bytes <= this.#mostBytes) break;
      this.#known.delete(oldest);
      this.#bytes -= cost(value);
    }
  }
}

/** One call for several callers: it goes on as long as one of them waits. */
class SharedCall {
  readonly result: Promise<Embedding>;
  onAbandoned: () => void = () => {};
  readonly #abort = new AbortController();
  #waiting = 0;

  constructor(begin: (signal: AbortSignal) => Promise<Embedding>) {
    this.result = begin(this.#abort.signal);
  }

  async join(signal: AbortSignal | undefined): Promise<Embedding> {
    this.#waiting++;
    let forget: () => void = () => {};
    const left = new Promise<never>((_resolve, reject) => {
      if (signal !== undefined) forget = onAbort(signal, () => reject(signal.reason));
    });
    try {
      return await Promise.race([this.result, left]);
    } finally {
      forget();
      this.#waiting--;
      if (this.#waiting === 0 && signal?.aborted === true) {
        this.onAbandoned();
        this.#abort.abort(signal.reason);
      }
    }
  }
}

function cost(embedding: Embedding): number {
  return ENTRY_OVERHEAD_BYTES + (embedding.ok ? embedding.vector.byteLength : 0);
}
