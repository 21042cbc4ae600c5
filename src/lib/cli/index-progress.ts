import type { SingleBar } from 'cli-progress';
import type { Ora } from 'ora';
import type { IndexProgress } from '../indexing/types.js';
import { formatBytes, formatCount, formatSeconds, plural } from './format.js';

interface Widgets {
  readonly ora: typeof import('ora').default;
  readonly SingleBar: typeof SingleBar;
}

async function loadWidgets(): Promise<Widgets> {
  const [{ default: ora }, { default: progress }] = await Promise.all([
    import('ora'),
    import('cli-progress'),
  ]);
  return { ora, SingleBar: progress.SingleBar };
}

/** A run that is shorter than this is not announced with its length, seconds. */
const LONG_RUN = 20;

/**
 * Shows a run on stderr: a spinner while it looks and loads, a bar while it embeds. Off a terminal only the lines
 * that say what a long run will take.
 */
export class IndexProgressView {
  readonly #widgets: Widgets | undefined;
  readonly #say: (line: string) => void;
  #spinner: Ora | undefined;
  #bar: SingleBar | undefined;
  #announced = false;

  private constructor(widgets: Widgets | undefined, say: (line: string) => void) {
    this.#widgets = widgets;
    this.#say = say;
  }

  /** Loads spinner and bar only where there is a terminal to show them on, and no lines between them (`isPlain`). */
  static async create(say: (line: string) => void, isPlain = false): Promise<IndexProgressView> {
    // A terminal of unknown size has 0 columns, on which ora clears lines for ever.
    const { isTTY, columns } = process.stderr;
    const view = new IndexProgressView(
      isTTY && columns > 0 && !isPlain ? await loadWidgets() : undefined,
      say,
    );
    // A second Ctrl-C ends the process at once: bar and hidden cursor must not stay behind.
    if (view.#widgets) process.once('exit', () => view.stop());
    return view;
  }

  show(event: IndexProgress): void {
    switch (event.phase) {
      case 'walking':
        this.#spin(
          `Reading files: ${formatCount(event.filesSeen)}, chunks: ${formatCount(event.chunksAdded)}`,
        );
        break;
      case 'words-ready':
        this.#stopSpinner();
        if (event.pending > 0 && this.#widgets) {
          const chunks = plural(event.chunks, 'chunk');
          this.#say(`Words of ${chunks} can be searched now; ${formatCount(event.pending)} to embed.`);
        }
        break;
      case 'loading-model':
        this.#spin(`Loading ${event.model}`);
        break;
      case 'embedding':
        this.#embedding(event);
        break;
      case 'publishing':
        this.stop();
        break;
    }
  }

  stop(): void {
    this.#stopSpinner();
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #embedding({
    done,
    total,
    chunksPerSecond,
    embedderBytes,
  }: Extract<IndexProgress, { phase: 'embedding' }>): void {
    this.#stopSpinner();
    const left = chunksPerSecond > 0 ? (total - done) / chunksPerSecond : 0;
    if (!this.#announced) {
      this.#announced = true;
      if (left > LONG_RUN) {
        const speed = `${Math.round(chunksPerSecond)} a second`;
        this.#say(
          `${plural(total, 'chunk')} to embed, ${speed}: about ${formatSeconds(left)}. Ctrl-C keeps what is done.`,
        );
      }
    }
    if (!this.#widgets) return;
    const values = {
      speed: chunksPerSecond.toFixed(chunksPerSecond < 10 ? 1 : 0),
      left: formatSeconds(left),
      memory: embedderBytes === null ? '' : ` | embedder ${formatBytes(embedderBytes)}`,
    };
    if (this.#bar) {
      this.#bar.setTotal(total);
      this.#bar.update(done, values);
    } else {
      this.#bar = new this.#widgets.SingleBar({
        stream: process.stderr,
        format: 'Embedding {bar} {percentage}% | {value}/{total} chunks | {speed}/s | {left} left{memory}',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 24,
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false,
      });
      this.#bar.start(total, done, values);
    }
  }

  #spin(text: string): void {
    if (!this.#widgets) return;
    // discardStdin would put the terminal into raw mode, where Ctrl-C is a byte and no signal.
    this.#spinner ??= this.#widgets.ora({ stream: process.stderr, discardStdin: false }).start();
    this.#spinner.text = text;
  }

  #stopSpinner(): void {
    this.#spinner?.stop();
    this.#spinner = undefined;
  }
}
