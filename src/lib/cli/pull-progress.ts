import type { SingleBar } from 'cli-progress';
import { formatBytes, formatSeconds } from './format.js';

/** Shows a download on stderr, on a terminal only. */
export class PullProgressView {
  readonly #Bar: typeof SingleBar | undefined;
  #bar: SingleBar | undefined;
  #started = 0;
  #startedAt = 0;

  private constructor(Bar: typeof SingleBar | undefined) {
    this.#Bar = Bar;
  }

  static async create(): Promise<PullProgressView> {
    const { isTTY, columns } = process.stderr;
    if (!isTTY || columns <= 0) return new PullProgressView(undefined);
    const { default: progress } = await import('cli-progress');
    return new PullProgressView(progress.SingleBar);
  }

  show(bytes: number, total: number | null): void {
    if (!this.#Bar) return;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const speed = this.#bar && seconds > 0 ? (bytes - this.#started) / seconds : 0;
    const values = {
      got: formatBytes(bytes),
      all: total === null ? 'an unknown size' : formatBytes(total),
      speed: formatBytes(speed),
      left: total !== null && speed > 0 ? `${formatSeconds((total - bytes) / speed)} left` : '',
    };
    if (this.#bar) {
      this.#bar.update(bytes, values);
      return;
    }
    this.#started = bytes;
    this.#startedAt = performance.now();
    this.#bar = new this.#Bar({
      stream: process.stderr,
      format: 'Fetching {bar} {percentage}% | {got} of {all} | {speed}/s | {left}',
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
    this.#bar.start(total ?? bytes, bytes, values);
  }

  stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
