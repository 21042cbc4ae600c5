import { MAX_TEXTS_PER_REQUEST } from './limits.js';
import { onAbort } from './on-abort.js';
import { REQUEST_TEXT_BUDGET, textCost } from './requests.js';
import type { Embedding } from './types.js';

/** One text on its way to its caller. */
export class Job {
  readonly text: string;
  readonly bytes: number;
  readonly outcome: Promise<Embedding>;
  #settled = false;
  #resolve!: (embedding: Embedding) => void;
  #reject!: (reason: unknown) => void;

  constructor(text: string, bytes: number, signal?: AbortSignal) {
    this.text = text;
    this.bytes = bytes;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal !== undefined) this.#listen(signal);
  }

  /** True when nobody waits for it any more. */
  get settled(): boolean {
    return this.#settled;
  }

  resolve(embedding: Embedding): void {
    this.#settled = true;
    this.#resolve(embedding);
  }

  reject(reason: unknown): void {
    this.#settled = true;
    this.#reject(reason);
  }

  #listen(signal: AbortSignal): void {
    const abort = (): void => this.reject(signal.reason);
    if (signal.aborted) return abort();
    const forget = onAbort(signal, abort);
    this.outcome.then(forget, forget);
  }
}

/** Texts that wait for a place in a request; first in, first out. */
export class JobQueue {
  #jobs: Job[] = [];
  #head = 0;

  /** True while something waits; it may have been aborted meanwhile. */
  get waiting(): boolean {
    return this.#head < this.#jobs.length;
  }

  push(job: Job): void {
    this.#jobs.push(job);
  }

  /** The next request's worth of texts: within `mostTexts` and the protocol's limits; those aborted meanwhile are left out. */
  take(mostTexts: number): Job[] {
    const taken: Job[] = [];
    let budget = REQUEST_TEXT_BUDGET;
    for (
      ;
      this.#head < this.#jobs.length && taken.length < Math.min(mostTexts, MAX_TEXTS_PER_REQUEST);
      this.#head++
    ) {
      const job = this.#jobs[this.#head]!;
      if (job.settled) continue;
      if (textCost(job.bytes) > budget) break;
      budget -= textCost(job.bytes);
      taken.push(job);
    }
    if (this.#head > this.#jobs.length / 2) {
      this.#jobs = this.#jobs.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Takes everything that still waits. */
  drain(): Job[] {
    const rest = this.#jobs.slice(this.#head).filter((job) => !job.settled);
    this.#jobs = [];
    this.#head = 0;
    return rest;
  }
}
