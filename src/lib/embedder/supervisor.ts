import { setTimeout as delay } from 'node:timers/promises';

import { processMemory } from '../memory.js';
import { CheckUp } from './check-up.js';
import { ChildLife, closedError } from './child-life.js';
import { Dispatcher } from './dispatcher.js';
import { byLength, embedInOrder } from './embed-in-order.js';
import { Health } from './health.js';
import { REQUESTS_IN_FLIGHT } from './job-board.js';
import { Job } from './jobs.js';
import { MAX_TEXTS_PER_REQUEST } from './limits.js';
import type { ChildStats } from './messages.js';
import { ModelFile } from './model-file.js';
import { MAX_TEXT_BYTES } from './requests.js';
import { Restarts } from './restarts.js';
import type { EmbedderSettings, StartedSession } from './start-session.js';
import type {
  EmbedderStats,
  EmbedderStatus,
  Embedding,
  EmbeddingProvider,
  EmbedBatchOptions,
  EmbedOptions,
} from './types.js';
import { Workload } from './workload.js';

/** Rough, and only for texts that are too large to be sent: their tokens are not counted. */
const BYTES_PER_TOKEN = 4;

/**
 * Keeps one child at work for any number of callers: starts it on demand, replaces it when it dies, gives it at most
 * two requests at a time, and unloads it when nobody needs it.
 */
export class Supervisor implements EmbeddingProvider {
  readonly #settings: EmbedderSettings;
  readonly #workload: Workload;
  readonly #health = new Health();
  readonly #restarts: Restarts;
  readonly #life: ChildLife;
  readonly #dispatcher: Dispatcher;

  constructor(settings: EmbedderSettings) {
    this.#settings = settings;
    const { model, limits, lanes } = settings;
    const modelFile = new ModelFile(model);
    this.#workload = new Workload(lanes);
    this.#restarts = new Restarts(limits, this.#workload, this.#health);
    const parts = { workload: this.#workload, restarts: this.#restarts };
    this.#life = new ChildLife(
      settings,
      { ...parts, modelFile },
      {
        onDeath: (end) => this.#dispatcher.childDied(end),
        onFailure: (error) => this.#dispatcher.rejectAll(error),
        onChange: () => this.#dispatcher.pumpSoon(),
      },
    );
    this.#dispatcher = new Dispatcher(settings, {
      ...parts,
      life: this.#life,
      health: this.#health,
      checkUp: new CheckUp(limits.memoryCheckMs, modelFile, this.#workload),
    });
  }

  async embed(text: string, options: EmbedOptions = {}): Promise<Embedding> {
    options.signal?.throwIfAborted();
    this.#life.assertOpen();
    const bytes = Buffer.byteLength(text, 'utf8');
    if (bytes > MAX_TEXT_BYTES) {
      return {
        ok: false,
        reason: 'too-long',
        tokens: Math.max(this.#settings.model.tokenLimit + 1, Math.ceil(bytes / BYTES_PER_TOKEN)),
      };
    }
    const job = new Job(text, bytes, options.signal);
    this.#dispatcher.add(job);
    return job.outcome;
  }

  embedBatch(texts: readonly string[], options: EmbedBatchOptions = {}): Promise<Embedding[]> {
    const plan = {
      atOnce: REQUESTS_IN_FLIGHT * MAX_TEXTS_PER_REQUEST,
      order: byLength(texts, this.#workload.lanes),
    };
    return embedInOrder(texts, plan, options, (text, each) => this.embed(text, each));
  }

  start(): Promise<void> {
    return this.#life.start();
  }

  status(): EmbedderStatus {
    const { state, failure, pid } = this.#life;
    const { trouble } = this.#health;
    const reason = state === 'failed' ? (failure as Error).message : trouble;
    return {
      state,
      health: state === 'failed' ? 'failed' : trouble === undefined ? 'healthy' : 'degraded',
      ...(reason === undefined ? {} : { reason }),
      pid,
      restarts: this.#restarts.count,
    };
  }

  async stats(): Promise<EmbedderStats> {
    const child = this.#life.state === 'ready' ? await this.#askChild(this.#life.started!) : null;
    const status = this.status();
    const { started } = this.#life;
    return {
      status,
      runtime: started?.initialized.runtime ?? null,
      backend: started?.initialized.backend ?? null,
      deviceNotice: this.#settings.devices.notice,
      startMilliseconds: started?.startMilliseconds ?? null,
      texts: this.#dispatcher.texts,
      tokens: this.#dispatcher.tokens,
      lanes: this.#workload.lanes,
      memory: status.pid === null ? null : processMemory(status.pid),
      memoryLimitBytes: started?.memoryLimitBytes ?? null,
      modelFileBytes: this.#settings.model.bytes,
      child,
    };
  }

  async close(): Promise<void> {
    this.#dispatcher.close(closedError());
    await this.#life.close();
  }

  /** Null from a child that dies, or answers too late: nobody waits long for figures. */
  async #askChild({ session }: StartedSession): Promise<ChildStats | null> {
    const answer = session.stats().catch(() => null);
    const answered = new AbortController();
    const tooLate = delay(this.#settings.limits.statsMs, null, { signal: answered.signal });
    void answer.then(() => answered.abort());
    return Promise.race([answer, tooLate.catch(() => answer)]);
  }
}
