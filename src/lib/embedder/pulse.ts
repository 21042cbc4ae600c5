import type { SupervisionLimits } from './limits.js';

/** Processor time counts for so much of real progress: a slow decode gets ten times the patience of a stuck one. */
const SHARE_OF_A_WORKING_BEAT = 0.1;
/** A stuck child uses none; one that works on a busy machine may get little. */
const LEAST_WORK = 0.05;

/**
 * Tells a child that works from one that is frozen or stuck, while it owes an answer. Beats are counted instead of
 * comparing times, so that a machine that slept or a busy host does not look like a dead child.
 */
export class Pulse {
  readonly #limits: SupervisionLimits;
  readonly #patienceMs: () => number;
  readonly #onLost: (cause: string) => void;
  #clock: NodeJS.Timeout | null = null;
  #silentBeats = 0;
  #stalledBeats = 0;
  #last = { progress: 0, cpuMs: 0 };
  #working = false;

  /** `patienceMs` gives the milliseconds without progress that are too many now. */
  constructor(limits: SupervisionLimits, patienceMs: () => number, onLost: (cause: string) => void) {
    this.#limits = limits;
    this.#patienceMs = patienceMs;
    this.#onLost = onLost;
  }

  start(): void {
    if (this.#clock !== null) return;
    this.#silentBeats = this.#stalledBeats = 0;
    this.#working = false;
    this.#clock = setInterval(() => this.#beat(), this.#limits.heartbeatMs);
  }

  stop(): void {
    if (this.#clock !== null) clearInterval(this.#clock);
    this.#clock = null;
  }

  /** Something came: it lives. */
  sign(): void {
    this.#silentBeats = 0;
  }

  /** An answer came: it works. */
  answered(): void {
    this.#stalledBeats = 0;
  }

  /** Its own heartbeat: what it has done so far, and the processor time that it used. */
  heard(beat: { readonly progress: number; readonly cpuMs: number }): void {
    this.#working = beat.cpuMs - this.#last.cpuMs >= this.#limits.heartbeatMs * LEAST_WORK;
    if (beat.progress !== this.#last.progress) this.#stalledBeats = 0;
    this.#last = beat;
  }

  #beat(): void {
    const { heartbeatMs, missedHeartbeats } = this.#limits;
    this.#silentBeats++;
    this.#stalledBeats += this.#working ? SHARE_OF_A_WORKING_BEAT : 1;
    this.#working = false;
    const patience = this.#patienceMs();
    if (this.#silentBeats > missedHeartbeats) {
      this.#onLost(`gave no sign of life for ${(missedHeartbeats * heartbeatMs) / 1_000} s`);
    } else if (this.#stalledBeats * heartbeatMs > patience) {
      this.#onLost(`made no progress for ${patience / 1_000} s`);
    }
  }
}
