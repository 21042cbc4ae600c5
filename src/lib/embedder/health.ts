/** Why the embedder is not healthy, if it is not. */
export class Health {
  #trouble: { readonly reason: string; readonly isLasting: boolean } | null = null;

  /** Undefined while it is healthy. */
  get trouble(): string | undefined {
    return this.#trouble?.reason;
  }

  /** What does not last is over with the next vector. */
  worsen(reason: string, isLasting: boolean): void {
    this.#trouble = { reason, isLasting };
  }

  vectorCame(): void {
    if (this.#trouble?.isLasting === false) this.#trouble = null;
  }

  restore(): void {
    this.#trouble = null;
  }
}
