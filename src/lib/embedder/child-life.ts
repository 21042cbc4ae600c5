import { setTimeout as delay } from 'node:timers/promises';

import { EmbedSearchError } from '../errors.js';
import type { ModelFile } from './model-file.js';
import type { Restarts } from './restarts.js';
import type { Session } from './session.js';
import { type SessionEnd, SessionEnded } from './session-end.js';
import { type EmbedderSettings, type StartedSession, startSession } from './start-session.js';
import type { EmbedderState } from './types.js';
import type { Workload } from './workload.js';

/** Told to whoever gives the child its work. */
export interface LifeEvents {
  /** A child that was ready has died. Whoever is told says what it costs: `Restarts.forgive`, or `replace`. */
  readonly onDeath: (end: SessionEnd) => void;
  /** There is no child, and none will come for what waits now. */
  readonly onFailure: (error: unknown) => void;
  /** A start, a stop or a death is over: there may be something to do. */
  readonly onChange: () => void;
}

/**
 * One child at a time, from state to state; what it works at is not known here.
 *
 *     idle or failed -> starting -> ready -> stopping -> idle
 *
 * A death leads from ready to idle, and a start or a death for which no restart is left to failed. A start and a stop
 * are one promise each for everybody who waits for them, and never go on at the same time.
 */
export class ChildLife {
  readonly #settings: EmbedderSettings;
  readonly #modelFile: ModelFile;
  readonly #workload: Workload;
  readonly #restarts: Restarts;
  readonly #events: LifeEvents;
  #state: EmbedderState = 'idle';
  #isClosed = false;
  /** The child, from its spawn on. */
  #session: Session | null = null;
  #started: StartedSession | null = null;
  #isToBeRecycled = false;
  #starting: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(
    settings: EmbedderSettings,
    parts: { readonly modelFile: ModelFile; readonly workload: Workload; readonly restarts: Restarts },
    events: LifeEvents,
  ) {
    this.#settings = settings;
    this.#modelFile = parts.modelFile;
    this.#workload = parts.workload;
    this.#restarts = parts.restarts;
    this.#events = events;
  }

  get state(): EmbedderState {
    return this.#state;
  }

  get pid(): number | null {
    return this.#session?.pid ?? null;
  }

  /** Why the state is `failed`. */
  get failure(): unknown {
    return this.#failure;
  }

  /** From ready on, until it has died or stopped. */
  get started(): StartedSession | null {
    return this.#started;
  }

  /** False while it starts or stops, and from `close` on. */
  get isSteady(): boolean {
    return !this.#isClosed && this.#starting === null && this.#stopping === null;
  }

  get isToBeRecycled(): boolean {
    return this.#isToBeRecycled;
  }

  assertOpen(): void {
    if (this.#isClosed) throw closedError();
  }

  /** Resolves when a child is ready. */
  async start(): Promise<void> {
    this.assertOpen();
    await this.#stopping;
    this.assertOpen();
    if (this.#state === 'ready') return;
    if (this.#isHopeless()) throw this.#failure;
    await (this.#starting ??= this.#start());
  }

  /** Starts a child where it is steady and has none; only the events say what comes of it. */
  begin(): void {
    if (this.#isHopeless()) return this.#events.onFailure(this.#failure);
    this.#starting = this.#start();
    this.#starting.catch(() => {}); // onFailure was told
  }

  /** Ends the child in an orderly way; the next text starts another one. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopNow().finally(() => {
      this.#stopping = null;
      this.#events.onChange();
    });
    return this.#stopping;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // A start that goes on ends with its child.
    if (this.#state === 'starting') this.#session?.kill('was closed');
    await this.#starting?.catch(() => {});
    await this.stop();
  }

  /** A fresh child is to take the place of this one, as soon as it is not busy. */
  recycle(): void {
    this.#isToBeRecycled = true;
  }

  /** Another child may take the place of the one that died while `doing`, unless no restart is left. */
  replace(end: SessionEnd, doing: string): void {
    try {
      this.#restarts.take(end, doing);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Ends a child that is of no use; `cause` is what its end will be known as. */
  giveUp(error: unknown, cause: string): void {
    const session = this.#session;
    this.#fail(error);
    this.#forgetSession();
    session?.kill(cause);
  }

  #isHopeless(): boolean {
    return this.#state === 'failed' && this.#restarts.isUsedUp();
  }

  /** Starts until a child is ready, the budget is used up, or another try would not help. */
  async #start(): Promise<void> {
    this.#state = 'starting';
    try {
      while (this.#state === 'starting') {
        await delay(this.#restarts.takeWait());
        this.assertOpen();
        try {
          this.#becomeReady(await this.#startSession());
        } catch (error) {
          if (!(error instanceof SessionEnded)) throw error;
          this.assertOpen();
          this.#restarts.take(error.end, 'starting');
        }
      }
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#starting = null;
      this.#events.onChange();
    }
  }

  #startSession(): Promise<StartedSession> {
    return startSession(this.#settings, this.#modelFile, this.#workload.lanes, (session) => {
      this.#session = session;
      this.assertOpen();
    });
  }

  #becomeReady(started: StartedSession): void {
    this.#started = started;
    this.#state = 'ready';
    this.#failure = null;
    void started.session.ended.then((end) => this.#died(started, end));
  }

  #died(started: StartedSession, end: SessionEnd): void {
    if (this.#started !== started || this.#stopping !== null) return;
    this.#forgetSession();
    if (this.#isClosed) return;
    this.#state = 'idle';
    this.#events.onDeath(end);
    this.#events.onChange();
  }

  #fail(error: unknown): void {
    this.#failure = error;
    this.#state = 'failed';
    this.#events.onFailure(error);
  }

  #forgetSession(): void {
    this.#session = null;
    this.#started = null;
    this.#isToBeRecycled = false;
  }

  async #stopNow(): Promise<void> {
    if (this.#session !== null) {
      this.#state = 'stopping';
      await this.#session.close(!this.#isClosed);
      this.#forgetSession();
    }
    this.#state = 'idle';
  }
}

export function closedError(): EmbedSearchError {
  return new EmbedSearchError('EMBEDDER_FAILED', 'The embedder was closed.');
}
