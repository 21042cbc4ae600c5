import type { ChangeLog } from './change-log.js';

/** Milliseconds without a change that end a burst, and how long one may last before it is taken in all the same. */
const QUIET = 300;
const LONGEST_WAIT = 5_000;
const QUIET_BURST = 1_000;
const LONGEST_BURST = 30_000;
/** All files are compared this often though the system reports changes: what it lost is found then. */
const COMPARE_EVERY = 15 * 60_000;
/** The same where it does not, or this many times what it takes. */
const POLL_EVERY = 30_000;
const POLL_SHARE = 20;

export interface ScheduleOptions {
  readonly log: ChangeLog;
  /** Ends every wait. */
  readonly signal: AbortSignal;
  /** How often all files are compared, over what is the default here. */
  readonly compareEverySeconds: number | undefined;
}

/** When a watcher looks at its files: at those that have changed when a burst of changes is over, at all every so often. */
export class WatchSchedule {
  readonly #options: ScheduleOptions;
  readonly #onAbort = () => this.wake();
  #endSleep: () => void = () => {};
  #isPolling = false;
  #compareAt = 0;
  /** The last look at all files to its end, without a run. */
  #compareTook = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', this.#onAbort);
  }

  /** Milliseconds from one look at all files to the next. */
  get compareEvery(): number {
    const { compareEverySeconds } = this.#options;
    if (compareEverySeconds !== undefined) return compareEverySeconds * 1_000;
    return this.#isPolling ? Math.max(POLL_EVERY, this.#compareTook * POLL_SHARE) : COMPARE_EVERY;
  }

  /** From now on the system does not report all changes. */
  poll(): void {
    this.#isPolling = true;
    this.#compareAt = performance.now() + this.compareEvery;
  }

  /** `took`: milliseconds, where it was a look alone. */
  allCompared(took = this.#compareTook): void {
    this.#compareTook = took;
    this.#compareAt = performance.now() + this.compareEvery;
  }

  /** Until changes have come and the burst of them is over, or it is time to compare all files. */
  async change(): Promise<void> {
    const { log, signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const { firstAt, lastAt, isBurst } = log;
      const [quiet, longest] = isBurst ? [QUIET_BURST, LONGEST_BURST] : [QUIET, LONGEST_WAIT];
      const due = firstAt === null ? this.#compareAt : Math.min(lastAt + quiet, firstAt + longest);
      const wait = due - performance.now();
      if (wait <= 0) {
        if (firstAt === null) log.add();
        return;
      }
      await this.#sleep(wait);
    }
  }

  /** So long whatever changes, or until the signal aborts. */
  async pause(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (!this.#options.signal.aborted && performance.now() < end)
      await this.#sleep(end - performance.now());
  }

  /** What is waited for may be due earlier now. */
  wake(): void {
    this.#endSleep();
  }

  close(): void {
    this.#options.signal.removeEventListener('abort', this.#onAbort);
  }

  async #sleep(milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#endSleep = resolve;
      timer = setTimeout(resolve, milliseconds);
    });
    clearTimeout(timer);
  }
}
