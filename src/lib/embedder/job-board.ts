import { type Job, JobQueue } from './jobs.js';
import { MAX_TEXTS_PER_REQUEST } from './limits.js';

/** How many requests a child has at a time: one at work, one that waits for its lanes. */
export const REQUESTS_IN_FLIGHT = 2;

/**
 * Which text goes to the child when. A text that a dead child had is a suspect: it goes alone to the next child, as a
 * trial, and nothing else is on its way then.
 */
export class JobBoard {
  readonly #queue = new JobQueue();
  readonly #inFlight = new Set<readonly Job[]>();
  #suspects: Job[] = [];
  #trial: Job | null = null;

  /** The texts that are on their way, or wait for one that is tried alone. */
  get isBusy(): boolean {
    return this.#inFlight.size > 0;
  }

  /** The text that is alone with the child. */
  get trial(): Job | null {
    return this.#trial;
  }

  hasWork(): boolean {
    this.#suspects = this.#suspects.filter((job) => !job.settled);
    return this.#suspects.length > 0 || this.#queue.waiting;
  }

  add(job: Job): void {
    this.#queue.push(job);
  }

  /** The texts of the next request, from now on in flight; none while the child has enough. */
  next(textsPerRequest: number): readonly Job[] {
    const jobs = this.#choose(Math.min(textsPerRequest, MAX_TEXTS_PER_REQUEST));
    if (jobs.length > 0) this.#inFlight.add(jobs);
    return jobs;
  }

  finish(jobs: readonly Job[]): void {
    this.#inFlight.delete(jobs);
    if (jobs[0] === this.#trial) this.#trial = null;
  }

  /** Nothing is in flight any more: the child is gone. Gives the texts that it left without an outcome. */
  recall(): Job[] {
    const left = [...this.#inFlight].flat().filter((job) => !job.settled);
    this.#inFlight.clear();
    this.#trial = null;
    return left;
  }

  suspect(jobs: readonly Job[]): void {
    this.#suspects.unshift(...jobs);
  }

  rejectAll(reason: unknown): void {
    for (const job of [...this.#suspects, ...[...this.#inFlight].flat(), ...this.#queue.drain()])
      if (!job.settled) job.reject(reason);
    this.#suspects = [];
  }

  #choose(mostTexts: number): readonly Job[] {
    if (this.#trial !== null) return [];
    this.#suspects = this.#suspects.filter((job) => !job.settled);
    if (this.#suspects.length === 0)
      return this.#inFlight.size < REQUESTS_IN_FLIGHT ? this.#queue.take(mostTexts) : [];
    if (this.#inFlight.size > 0) return [];
    this.#trial = this.#suspects.shift()!;
    return [this.#trial];
  }
}
