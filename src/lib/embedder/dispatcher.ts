import { EmbedSearchError } from '../errors.js';
import type { ChildLife } from './child-life.js';
import type { CheckUp } from './check-up.js';
import type { Health } from './health.js';
import { IdleTimer } from './idle-timer.js';
import { JobBoard } from './job-board.js';
import type { Job } from './jobs.js';
import type { Outcome } from './messages.js';
import { ChildRefusal } from './open-requests.js';
import type { Restarts } from './restarts.js';
import { type SessionEnd, SessionEnded } from './session-end.js';
import { type EmbedderSettings, refusalError, type StartedSession } from './start-session.js';
import type { Workload } from './workload.js';

/** So many texts without one vector in between: it is not the texts. */
const QUARANTINES_IN_A_ROW = 10;

interface DispatcherParts {
  readonly life: ChildLife;
  readonly workload: Workload;
  readonly health: Health;
  readonly restarts: Restarts;
  readonly checkUp: CheckUp;
}

/** Gives texts to the child while it is ready, and every text its outcome, also when the child dies of one. */
export class Dispatcher {
  readonly #settings: EmbedderSettings;
  readonly #life: ChildLife;
  readonly #workload: Workload;
  readonly #health: Health;
  readonly #restarts: Restarts;
  readonly #checkUp: CheckUp;
  readonly #idle: IdleTimer;
  readonly #board = new JobBoard();
  #quarantinesInARow = 0;
  #texts = 0;
  #tokens = 0;
  #pumpQueued = false;

  constructor(settings: EmbedderSettings, parts: DispatcherParts) {
    this.#settings = settings;
    this.#life = parts.life;
    this.#workload = parts.workload;
    this.#health = parts.health;
    this.#restarts = parts.restarts;
    this.#checkUp = parts.checkUp;
    this.#idle = new IdleTimer(settings.limits.idleMs, () => {
      this.#workload.restore();
      this.#health.restore();
      void this.#life.stop();
    });
  }

  /** Texts that came to a vector, by any child. */
  get texts(): number {
    return this.#texts;
  }

  /** Those of these texts. */
  get tokens(): number {
    return this.#tokens;
  }

  add(job: Job): void {
    this.#board.add(job);
    this.pumpSoon();
  }

  /** One microtask later, so that texts that are asked for together go together. */
  pumpSoon(): void {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    queueMicrotask(() => {
      this.#pumpQueued = false;
      this.#pump();
    });
  }

  /** What the child left without an outcome goes to another one, unless it is known which text it died of. */
  childDied(end: SessionEnd): void {
    const { trial } = this.#board;
    const victims = this.#board.recall();
    const doing =
      victims.length === 0
        ? 'waiting for work'
        : `embedding ${victims.length} ${victims.length === 1 ? 'text' : 'texts'}`;
    const couldDoWithLess = end.outOfMemory && this.#workload.lanes > 1;
    if (trial !== null && !trial.settled && !couldDoWithLess) {
      this.#restarts.forgive(end, doing);
      this.#quarantine(
        trial,
        `the embedder ${end.what}${end.outOfMemory ? ' for lack of memory' : ''} each time it got this text`,
      );
    } else {
      this.#board.suspect(victims);
      this.#life.replace(end, doing);
    }
  }

  /** Nothing that is here now will be embedded. */
  rejectAll(reason: unknown): void {
    this.#board.rejectAll(reason);
    this.#board.recall();
  }

  close(reason: unknown): void {
    this.rejectAll(reason);
    this.#idle.stop();
  }

  #pump(): void {
    if (!this.#life.isSteady) return;
    this.#idle.stop();
    const { started, isToBeRecycled } = this.#life;
    if (started === null) {
      if (this.#board.hasWork()) this.#life.begin();
    } else if (isToBeRecycled) {
      if (!this.#board.isBusy) void this.#life.stop();
    } else {
      this.#dispatch(started);
    }
  }

  #dispatch(started: StartedSession): void {
    for (;;) {
      const jobs = this.#board.next(this.#workload.textsPerRequest);
      if (jobs.length === 0) break;
      void this.#run(started, jobs);
    }
    if (!this.#board.isBusy) this.#idle.start();
  }

  async #run(started: StartedSession, jobs: readonly Job[]): Promise<void> {
    const { session, initialized } = started;
    try {
      const texts = jobs.map((job) => job.text);
      await session.embed(texts, initialized.dimensions, (index, outcome) =>
        this.#settle(jobs[index]!, outcome),
      );
    } catch (error) {
      if (error instanceof SessionEnded) return; // childDied has the jobs
      if (error instanceof ChildRefusal && error.code === 'OUT_OF_MEMORY')
        return session.kill(`ran out of memory: ${error.message}`);
      const reason = error instanceof ChildRefusal ? refusalError(error, this.#settings.model) : error;
      for (const job of jobs) job.reject(reason);
    }
    this.#board.finish(jobs);
    await this.#lookAt(started);
    this.pumpSoon();
  }

  #settle(job: Job, outcome: Outcome): void {
    switch (outcome.kind) {
      case 'vector':
        this.#texts++;
        this.#tokens += outcome.tokens;
        this.#quarantinesInARow = 0;
        this.#health.vectorCame();
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
    const error = new EmbedSearchError(
      'EMBEDDER_FAILED',
      `The embedder made no vector of ${QUARANTINES_IN_A_ROW} texts in a row; of the last one because: ${detail}`,
    );
    this.#life.giveUp(error, 'made no vectors');
  }

  async #lookAt({ session, memoryLimitBytes }: StartedSession): Promise<void> {
    const limit = { bytes: memoryLimitBytes, modelBytes: this.#settings.model.bytes };
    const finding = await this.#checkUp.look(session.pid, this.#texts, limit);
    if (this.#life.started?.session !== session) return; // it is gone: nothing of this is about the next one
    if (finding.recycle) this.#life.recycle();
    if (finding.trouble !== null) this.#health.worsen(finding.trouble, true);
  }
}
