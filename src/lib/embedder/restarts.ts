import type { Health } from './health.js';
import type { SupervisionLimits } from './limits.js';
import { RestartBudget } from './restart-budget.js';
import { type SessionEnd, sessionError } from './session-end.js';
import type { Workload } from './workload.js';

/** What the death of a child costs: a restart of the budget, its good health and, where memory was short, half its workload. */
export class Restarts {
  readonly #budget: RestartBudget;
  readonly #workload: Workload;
  readonly #health: Health;
  #count = 0;
  #wait = 0;

  constructor(limits: SupervisionLimits, workload: Workload, health: Health) {
    this.#budget = new RestartBudget(limits);
    this.#workload = workload;
    this.#health = health;
  }

  get count(): number {
    return this.#count;
  }

  isUsedUp(): boolean {
    return !this.#budget.available();
  }

  /** Milliseconds to wait before the next start. */
  takeWait(): number {
    const wait = this.#wait;
    this.#wait = 0;
    return wait;
  }

  /** For a child that died while `doing`. Throws its error when no restart is left. */
  take(end: SessionEnd, doing: string): void {
    const reduced = end.outOfMemory && this.#workload.reduce();
    const error = sessionError(end, { doing, restarts: this.#count });
    this.#health.worsen(error.message, !this.#workload.isWhole);
    if (end.outOfMemory && !reduced && doing === 'starting') throw error;
    const wait = this.#budget.take();
    if (wait === null) throw error;
    this.#wait = wait;
    this.#count++;
  }

  /** For a child that died of one text, which is not sent again: that takes nothing of the budget. */
  forgive(end: SessionEnd, doing: string): void {
    this.#count++;
    const { message } = sessionError(end, { doing, restarts: this.#count });
    this.#health.worsen(message, !this.#workload.isWhole);
  }
}
