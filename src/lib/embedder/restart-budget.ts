/** How often a dead child may be replaced: at once, then with back-off, and not more than so often in a window. */
export class RestartBudget {
  readonly #most: number;
  readonly #windowMs: number;
  readonly #backOffMs: readonly number[];
  readonly #now: () => number;
  #restarts: number[] = [];

  constructor(
    limits: { restarts: number; restartWindowMs: number; backOffMs: readonly number[] },
    now: () => number = () => performance.now(),
  ) {
    this.#most = limits.restarts;
    this.#windowMs = limits.restartWindowMs;
    this.#backOffMs = limits.backOffMs;
    this.#now = now;
  }

  /** Takes one restart: the milliseconds to wait before it, or null when the budget is used up. */
  take(): number | null {
    if (!this.available()) return null;
    this.#restarts.push(this.#now());
    return this.#backOffMs[Math.min(this.#restarts.length, this.#backOffMs.length) - 1] ?? 0;
  }

  available(): boolean {
    const now = this.#now();
    this.#restarts = this.#restarts.filter((time) => now - time < this.#windowMs);
    return this.#restarts.length < this.#most;
  }
}
