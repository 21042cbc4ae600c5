/** Calls once, when nothing has stopped it for so long. It keeps no process alive. */
export class IdleTimer {
  readonly #milliseconds: number;
  readonly #onIdle: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(milliseconds: number, onIdle: () => void) {
    this.#milliseconds = milliseconds;
    this.#onIdle = onIdle;
  }

  /** One that runs already goes on. */
  start(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#onIdle();
    }, this.#milliseconds).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
