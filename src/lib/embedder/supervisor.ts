import { setTimeout as delay } from 'node:timers/promises';

import { EmbedSearchError } from '../errors.js';
import { processMemory } from '../memory.js';
import { embedInOrder } from './embed-in-order.js';
import { Job, JobQueue } from './jobs.js';
import { MAX_TEXTS_PER_REQUEST } from './limits.js';
import { MemoryGuard } from './memory-guard.js';
import type { Outcome } from './messages.js';
import { MAX_TEXT_BYTES } from './requests.js';
import { RestartBudget } from './restart-budget.js';
import { ChildRefusal, type Session } from './session.js';
import { type SessionEnd, SessionEnded, sessionError } from './session-end.js';
import { type EmbedderSettings, refusalError, type StartedSession, startSession } from './start-session.js';
import type {
  EmbedderState,
  EmbedderStats,
  EmbedderStatus,
  Embedding,
  EmbeddingProvider,
  EmbedOptions,
} from './types.js';

const REQUESTS_IN_FLIGHT = 2;
/** So many texts without one vector in between: it is not the texts. */
const QUARANTINES_IN_A_ROW = 10;
/** Rough, and only for texts that are too large to be sent: their tokens are not counted. */
const BYTES_PER_TOKEN = 4;

/**
 * Keeps one child at work for any number of callers: starts it on demand, replaces it when it dies, gives it at most
 * two requests at a time, and unloads it when nobody needs it.
 */
export class Supervisor implements EmbeddingProvider {
  readonly #settings: EmbedderSettings;
  readonly #budget: RestartBudget;
  readonly #queue = new JobQueue();
  readonly #inFlight = new Set<readonly Job[]>();
  /** Texts that a dead child had: each goes alone to the next one. */
  #suspects: Job[] = [];
  #trial: Job | null = null;
  #state: EmbedderState = 'idle';
  #closed = false;
  /** The child, from its spawn on. */
  #session: Session | null = null;
  #started: StartedSession | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  #failure: unknown = null;
  #trouble: string | null = null;
  #lanes: number;
  #textsPerRequest = MAX_TEXTS_PER_REQUEST;
  #waitBeforeStart = 0;
  #restarts = 0;
  #quarantinesInARow = 0;
  #texts = 0;
  #tokens = 0;
  #memoryGuard: MemoryGuard;
  #memoryChecked = { at: 0, texts: 0 };
  #recycle = false;
  #idleTimer: NodeJS.Timeout | null = null;
  #pumpQueued = false;

  constructor(settings: EmbedderSettings) {
    this.#settings = settings;
    this.#lanes = settings.lanes;
    this.#budget = new RestartBudget(settings.limits);
    this.#memoryGuard = new MemoryGuard(settings.maxMemoryBytes);
  }

  async embed(text: string, options: EmbedOptions = {}): Promise<Embedding> {
    options.signal?.throwIfAborted();
    this.#assertOpen();
    const bytes = Buffer.byteLength(text, 'utf8');
    if (bytes > MAX_TEXT_BYTES) {
      return {
        ok: false,
        reason: 'too-long',
        tokens: Math.max(this.#settings.model.tokenLimit + 1, Math.ceil(bytes / BYTES_PER_TOKEN)),
      };
    }
    const job = new Job(text, bytes, options.signal);
    this.#queue.push(job);
    this.#pumpSoon();
    return job.outcome;
  }

  embedBatch(texts: readonly string[], options: EmbedOptions = {}): Promise<Embedding[]> {
    return embedInOrder(texts, REQUESTS_IN_FLIGHT * MAX_TEXTS_PER_REQUEST, options, (text, each) =>
      this.embed(text, each),
    );
  }

  async start(): Promise<void> {
    this.#assertOpen();
    await this.#stopping;
    if (this.#state === 'ready') return;
    if (this.#state === 'failed' && !this.#budget.available()) throw this.#failure;
    await (this.#starting ??= this.#start());
  }

  status(): EmbedderStatus {
    const reason = this.#state === 'failed' ? (this.#failure as Error).message : this.#trouble;
    return {
      state: this.#state,
      health: this.#state === 'failed' ? 'failed' : this.#trouble === null ? 'healthy' : 'degraded',
      ...(reason === null ? {} : { reason }),
      pid: this.#session?.pid ?? null,
      restarts: this.#restarts,
    };
  }

  async stats(): Promise<EmbedderStats> {
    const status = this.status();
    return {
      status,
      runtime: this.#started?.initialized.runtime ?? null,
      backend: this.#started?.initialized.backend ?? null,
      startMilliseconds: this.#started?.startMilliseconds ?? null,
      texts: this.#texts,
      tokens: this.#tokens,
      memory: status.pid === null ? null : processMemory(status.pid),
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#rejectAll(closedError());
    this.#stopIdleTimer();
    // A start that goes on ends with its child.
    if (this.#state === 'starting') this.#session?.kill('was closed');
    await this.#starting?.catch(() => {});
    await this.#stop();
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }

  /** One microtask later, so that texts that are asked for together go together. */
  #pumpSoon(): void {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    queueMicrotask(() => {
      this.#pumpQueued = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#closed || this.#starting !== null || this.#stopping !== null) return;
    this.#stopIdleTimer();
    this.#suspects = this.#suspects.filter((job) => !job.settled);
    if (this.#recycle && this.#state === 'ready') {
      if (this.#inFlight.size === 0) void this.#stop();
      return;
    }
    if (this.#state === 'ready') return this.#dispatch(this.#started!);
    if (!this.#hasWork()) return;
    if (this.#state === 'failed' && !this.#budget.available()) return this.#rejectAll(this.#failure);
    this.#starting = this.#start();
    this.#starting.catch(() => {}); // every job was told
  }

  #hasWork(): boolean {
    return this.#suspects.length > 0 || this.#queue.waiting;
  }

  #dispatch(started: StartedSession): void {
    for (;;) {
      const jobs = this.#nextRequest();
      if (jobs.length === 0) break;
      void this.#run(started, jobs);
    }
    if (this.#inFlight.size === 0) this.#startIdleTimer();
  }

  #nextRequest(): Job[] {
    if (this.#trial !== null) return [];
    if (this.#suspects.length === 0)
      return this.#inFlight.size < REQUESTS_IN_FLIGHT ? this.#queue.take(this.#textsPerRequest) : [];
    if (this.#inFlight.size > 0) return [];
    this.#trial = this.#suspects.shift()!;
    return [this.#trial];
  }

  async #run({ session, initialized }: StartedSession, jobs: readonly Job[]): Promise<void> {
    this.#inFlight.add(jobs);
    try {
      const texts = jobs.map((job) => job.text);
      await session.embed(texts, initialized.dimensions, (index, outcome) =>
        this.#settle(jobs[index]!, outcome),
      );
    } catch (error) {
      if (error instanceof SessionEnded) return; // #died has the jobs
      if (error instanceof ChildRefusal && error.code === 'OUT_OF_MEMORY')
        return session.kill(`ran out of memory: ${error.message}`);
      const reason = error instanceof ChildRefusal ? refusalError(error, this.#settings.model) : error;
      for (const job of jobs) job.reject(reason);
    }
    this.#inFlight.delete(jobs);
    if (jobs[0] === this.#trial) this.#trial = null;
    this.#checkMemory(session);
    this.#pumpSoon();
  }

  #settle(job: Job, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'vector':
        this.#texts++;
        this.#tokens += outcome.tokens;
        this.#quarantinesInARow = 0;
        if (this.#lanes === this.#settings.lanes) this.#trouble = null;
        return job.resolve({ ok: true, vector: outcome.vector, tokens: outcome.tokens });
      case 'too-long':
        return job.resolve({ ok: false, reason: 'too-long', tokens: outcome.tokens });
      case 'failed':
        return this.#quarantine(job, outcome.message);
    }
  }

  #quarantine(job: Job, detail: string): void {
    job.resolve({ ok: false, reason: 'quarantined', detail });
    this.#quarantinesInARow++;
    if (this.#quarantinesInARow < QUARANTINES_IN_A_ROW) return;
    this.#quarantinesInARow = 0;
    const session = this.#session;
    this.#fail(
      new EmbedSearchError(
        'EMBEDDER_FAILED',
        `The embedder made no vector of ${QUARANTINES_IN_A_ROW} texts in a row; of the last one because: ${detail}`,
      ),
    );
    this.#forgetSession();
    session?.kill('made no vectors');
  }

  /** Starts until a child is ready, the budget is used up, or another try would not help. */
  async #start(): Promise<void> {
    this.#state = 'starting';
    try {
      while (this.#state === 'starting') {
        await delay(this.#waitBeforeStart);
        this.#waitBeforeStart = 0;
        this.#assertOpen();
        try {
          this.#becomeReady(
            await startSession(this.#settings, this.#lanes, (session) => (this.#session = session)),
          );
        } catch (error) {
          if (!(error instanceof SessionEnded)) throw error;
          this.#assertOpen();
          this.#countRestart(error.end, 'starting');
        }
      }
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#starting = null;
      this.#pumpSoon();
    }
  }

  #becomeReady(started: StartedSession): void {
    this.#started = started;
    this.#state = 'ready';
    this.#failure = null;
    void started.session.ended.then((end) => this.#died(started, end));
  }

  /** Throws the error of the last child when no restart is left. */
  #countRestart(end: SessionEnd, doing: string): void {
    const reduced = end.outOfMemory && this.#reduce();
    this.#trouble = sessionError(end, { doing, restarts: this.#restarts }).message;
    if (end.outOfMemory && !reduced && doing === 'starting')
      throw sessionError(end, { doing, restarts: this.#restarts });
    const wait = this.#budget.take();
    if (wait === null) throw sessionError(end, { doing, restarts: this.#restarts });
    this.#waitBeforeStart = wait;
    this.#restarts++;
  }

  /** Less work at a time. False when there is nothing left to take away. */
  #reduce(): boolean {
    if (this.#lanes === 1 && this.#textsPerRequest === 1) return false;
    this.#lanes = Math.max(1, Math.floor(this.#lanes / 2));
    this.#textsPerRequest = Math.max(1, Math.floor(this.#textsPerRequest / 2));
    return true;
  }

  #died(started: StartedSession, end: SessionEnd): void {
    if (this.#started !== started || this.#stopping !== null) return;
    const victims = [...this.#inFlight].flat().filter((job) => !job.settled);
    const trial = this.#trial;
    this.#forgetSession();
    if (this.#closed) return;
    this.#state = 'idle';
    const doing =
      victims.length === 0
        ? 'waiting for work'
        : `embedding ${victims.length} ${victims.length === 1 ? 'text' : 'texts'}`;
    const couldDoWithLess = end.outOfMemory && this.#lanes > 1;
    if (trial !== null && !trial.settled && !couldDoWithLess) {
      this.#restarts++;
      this.#trouble = sessionError(end, { doing, restarts: this.#restarts }).message;
      this.#quarantine(
        trial,
        `the embedder ${end.what}${end.outOfMemory ? ' for lack of memory' : ''} each time it got this text`,
      );
    } else {
      this.#suspects.unshift(...victims);
      try {
        this.#countRestart(end, doing);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#pumpSoon();
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#state = 'failed';
    this.#rejectAll(error);
  }

  #rejectAll(reason: unknown): void {
    for (const job of [...this.#suspects, ...[...this.#inFlight].flat(), ...this.#queue.drain()])
      if (!job.settled) job.reject(reason);
    this.#suspects = [];
  }

  #forgetSession(): void {
    this.#session = null;
    this.#started = null;
    this.#trial = null;
    this.#inFlight.clear();
    this.#recycle = false;
  }

  /** Ends the child in an orderly way; the next text starts another one. */
  #stop(): Promise<void> {
    this.#stopping ??= this.#stopNow().finally(() => {
      this.#stopping = null;
      this.#pumpSoon();
    });
    return this.#stopping;
  }

  async #stopNow(): Promise<void> {
    if (this.#session !== null) {
      this.#state = 'stopping';
      await this.#session.close();
      this.#forgetSession();
    }
    this.#state = 'idle';
  }

  #checkMemory(session: Session): void {
    const now = performance.now();
    if (session.pid === null || now - this.#memoryChecked.at < this.#settings.limits.memoryCheckMs) return;
    const newTexts = this.#texts - this.#memoryChecked.texts;
    this.#memoryChecked = { at: now, texts: this.#texts };
    const memory = processMemory(session.pid);
    const bytes = memory?.anonymousBytes ?? memory?.rssBytes ?? null;
    if (bytes === null) return;
    const verdict = this.#memoryGuard.observe(bytes, newTexts);
    if (verdict === 'fine') return;
    const limit = this.#memoryGuard.limitBytes;
    if (verdict === 'reduce' && !this.#reduce()) {
      this.#memoryGuard = new MemoryGuard(Infinity);
      this.#trouble = `The embedder cannot stay under its memory limit of ${limit} bytes, even with one lane.`;
    } else {
      this.#recycle = true;
      if (verdict === 'reduce')
        this.#trouble = `The embedder uses ${this.#lanes} lanes to stay under its memory limit of ${limit} bytes.`;
    }
  }

  #startIdleTimer(): void {
    this.#idleTimer ??= setTimeout(() => {
      this.#idleTimer = null;
      void this.#stop();
    }, this.#settings.limits.idleMs).unref();
  }

  #stopIdleTimer(): void {
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }
}

function closedError(): EmbedSearchError {
  return new EmbedSearchError('EMBEDDER_FAILED', 'The embedder was closed.');
}
