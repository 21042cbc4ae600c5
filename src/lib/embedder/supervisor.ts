import { setTimeout as delay } from 'node:timers/promises';

import { EmbedSearchError } from '../errors.js';
import { processMemory } from '../memory.js';
import { CheckUp } from './check-up.js';
import { byLength, embedInOrder } from './embed-in-order.js';
import { IdleTimer } from './idle-timer.js';
import { JobBoard, REQUESTS_IN_FLIGHT } from './job-board.js';
import { Job } from './jobs.js';
import { MAX_TEXTS_PER_REQUEST } from './limits.js';
import type { ChildStats, Outcome } from './messages.js';
import { ModelFile } from './model-file.js';
import { MAX_TEXT_BYTES } from './requests.js';
import { RestartBudget } from './restart-budget.js';
import { ChildRefusal } from './open-requests.js';
import type { Session } from './session.js';
import { type SessionEnd, SessionEnded, sessionError } from './session-end.js';
import { type EmbedderSettings, refusalError, type StartedSession, startSession } from './start-session.js';
import type {
  EmbedderState,
  EmbedderStats,
  EmbedderStatus,
  Embedding,
  EmbeddingProvider,
  EmbedBatchOptions,
  EmbedOptions,
} from './types.js';
import { Workload } from './workload.js';

/** So many texts without one vector in between: it is not the texts. */
const QUARANTINES_IN_A_ROW = 10;
/** Rough, and only for texts that are too large to be sent: their tokens are not counted. */
const BYTES_PER_TOKEN = 4;

/** Why the embedder is not healthy; one that does not last is over with the next vector. */
interface Trouble {
  readonly reason: string;
  readonly lasting: boolean;
}

/**
 * Keeps one child at work for any number of callers: starts it on demand, replaces it when it dies, gives it at most
 * two requests at a time, and unloads it when nobody needs it.
 */
export class Supervisor implements EmbeddingProvider {
  readonly #settings: EmbedderSettings;
  readonly #modelFile: ModelFile;
  readonly #budget: RestartBudget;
  readonly #workload: Workload;
  readonly #checkUp: CheckUp;
  readonly #idle: IdleTimer;
  readonly #board = new JobBoard();
  #state: EmbedderState = 'idle';
  #closed = false;
  /** The child, from its spawn on. */
  #session: Session | null = null;
  #started: StartedSession | null = null;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  #failure: unknown = null;
  #trouble: Trouble | null = null;
  #waitBeforeStart = 0;
  #restarts = 0;
  #quarantinesInARow = 0;
  #texts = 0;
  #tokens = 0;
  #recycle = false;
  #pumpQueued = false;

  constructor(settings: EmbedderSettings) {
    this.#settings = settings;
    this.#modelFile = new ModelFile(settings.model);
    this.#workload = new Workload(settings.lanes);
    this.#budget = new RestartBudget(settings.limits);
    this.#checkUp = new CheckUp(settings.limits.memoryCheckMs, this.#modelFile, this.#workload);
    this.#idle = new IdleTimer(settings.limits.idleMs, () => {
      this.#workload.restore();
      this.#trouble = null;
      void this.#stop();
    });
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
    this.#board.add(job);
    this.#pumpSoon();
    return job.outcome;
  }

  embedBatch(texts: readonly string[], options: EmbedBatchOptions = {}): Promise<Embedding[]> {
    const plan = {
      atOnce: REQUESTS_IN_FLIGHT * MAX_TEXTS_PER_REQUEST,
      order: byLength(texts, this.#workload.lanes),
    };
    return embedInOrder(texts, plan, options, (text, each) => this.embed(text, each));
  }

  async start(): Promise<void> {
    this.#assertOpen();
    await this.#stopping;
    if (this.#state === 'ready') return;
    if (this.#state === 'failed' && !this.#budget.available()) throw this.#failure;
    await (this.#starting ??= this.#start());
  }

  status(): EmbedderStatus {
    const reason = this.#state === 'failed' ? (this.#failure as Error).message : this.#trouble?.reason;
    return {
      state: this.#state,
      health: this.#state === 'failed' ? 'failed' : this.#trouble === null ? 'healthy' : 'degraded',
      ...(reason === undefined ? {} : { reason }),
      pid: this.#session?.pid ?? null,
      restarts: this.#restarts,
    };
  }

  async stats(): Promise<EmbedderStats> {
    const child = this.#state === 'ready' ? await this.#askChild(this.#started!) : null;
    const status = this.status();
    return {
      status,
      runtime: this.#started?.initialized.runtime ?? null,
      backend: this.#started?.initialized.backend ?? null,
      deviceNotice: this.#settings.devices.notice,
      startMilliseconds: this.#started?.startMilliseconds ?? null,
      texts: this.#texts,
      tokens: this.#tokens,
      lanes: this.#workload.lanes,
      memory: status.pid === null ? null : processMemory(status.pid),
      memoryLimitBytes: this.#started?.memoryLimitBytes ?? null,
      modelFileBytes: this.#settings.model.bytes,
      child,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#board.rejectAll(closedError());
    this.#idle.stop();
    // A start that goes on ends with its child.
    if (this.#state === 'starting') this.#session?.kill('was closed');
    await this.#starting?.catch(() => {});
    await this.#stop();
  }

  /** Null from a child that dies, or answers too late: nobody waits long for figures. */
  async #askChild({ session }: StartedSession): Promise<ChildStats | null> {
    const answer = session.stats().catch(() => null);
    const answered = new AbortController();
    const tooLate = delay(this.#settings.limits.statsMs, null, { signal: answered.signal });
    void answer.then(() => answered.abort());
    return Promise.race([answer, tooLate.catch(() => answer)]);
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
    this.#idle.stop();
    if (this.#recycle && this.#state === 'ready') {
      if (!this.#board.isBusy) void this.#stop();
      return;
    }
    if (this.#state === 'ready') return this.#dispatch(this.#started!);
    if (!this.#board.hasWork()) return;
    if (this.#state === 'failed' && !this.#budget.available()) return this.#board.rejectAll(this.#failure);
    this.#starting = this.#start();
    this.#starting.catch(() => {}); // every job was told
  }

  #dispatch(started: StartedSession): void {
    for (;;) {
      const jobs = this.#board.next(this.#workload.textsPerRequest);
      if (jobs.length === 0) break;
      void this.#run(started, jobs);
    }
    if (!this.#board.isBusy) this.#idle.start();
  }

  async #run(
    { session, initialized, memoryLimitBytes }: StartedSession,
    jobs: readonly Job[],
  ): Promise<void> {
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
    this.#board.finish(jobs);
    const { bytes: modelBytes } = this.#settings.model;
    const finding = await this.#checkUp.look(session.pid, this.#texts, {
      bytes: memoryLimitBytes,
      modelBytes,
    });
    if (finding.recycle) this.#recycle = true;
    if (finding.trouble !== null) this.#trouble = { reason: finding.trouble, lasting: true };
    this.#pumpSoon();
  }

  #settle(job: Job, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'vector':
        this.#texts++;
        this.#tokens += outcome.tokens;
        this.#quarantinesInARow = 0;
        if (this.#trouble?.lasting === false) this.#trouble = null;
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
          const { lanes } = this.#workload;
          this.#becomeReady(
            await startSession(this.#settings, this.#modelFile, lanes, (session) => {
              this.#session = session;
              this.#assertOpen();
            }),
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
    const reduced = end.outOfMemory && this.#workload.reduce();
    const error = sessionError(end, { doing, restarts: this.#restarts });
    this.#trouble = { reason: error.message, lasting: !this.#workload.isWhole };
    if (end.outOfMemory && !reduced && doing === 'starting') throw error;
    const wait = this.#budget.take();
    if (wait === null) throw error;
    this.#waitBeforeStart = wait;
    this.#restarts++;
  }

  #died(started: StartedSession, end: SessionEnd): void {
    if (this.#started !== started || this.#stopping !== null) return;
    const { trial } = this.#board;
    const victims = this.#board.recall();
    this.#forgetSession();
    if (this.#closed) return;
    this.#state = 'idle';
    const doing =
      victims.length === 0
        ? 'waiting for work'
        : `embedding ${victims.length} ${victims.length === 1 ? 'text' : 'texts'}`;
    const couldDoWithLess = end.outOfMemory && this.#workload.lanes > 1;
    if (trial !== null && !trial.settled && !couldDoWithLess) {
      this.#restarts++;
      const { message } = sessionError(end, { doing, restarts: this.#restarts });
      this.#trouble = { reason: message, lasting: !this.#workload.isWhole };
      this.#quarantine(
        trial,
        `the embedder ${end.what}${end.outOfMemory ? ' for lack of memory' : ''} each time it got this text`,
      );
    } else {
      this.#board.suspect(victims);
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
    this.#board.rejectAll(error);
  }

  #forgetSession(): void {
    this.#session = null;
    this.#started = null;
    this.#recycle = false;
    this.#board.recall();
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
      await this.#session.close(!this.#closed);
      this.#forgetSession();
    }
    this.#state = 'idle';
  }
}

function closedError(): EmbedSearchError {
  return new EmbedSearchError('EMBEDDER_FAILED', 'The embedder was closed.');
}
