import { once } from 'node:events';
import { Command } from '@oclif/core/command';
import type { Input, ParserOutput } from '@oclif/core/interfaces';
import { OTHER_VARIABLES, ownVariables, unknownVariables } from '../config/unknown-variables.js';
import { asUserError, type EmbedSearchError } from '../errors.js';
import { commonFlags } from './common-flags.js';
import { configuredFlags } from './configured-flags.js';
import { abortOnSignals } from './exit-signals.js';
import { formatBytes, printable } from './format.js';
import { type Palette, paletteFor } from './palette.js';
import { errorDocument, exitCodeOf, renderError } from './render-error.js';
import { usageError } from './usage-error.js';

/** What a command hands to `finish`: the result, what was odd, and the error where it was done only in part. */
export interface Finished {
  readonly result: unknown;
  readonly warnings?: readonly string[];
  readonly error?: EmbedSearchError | null;
}

/**
 * One shape of output and exit codes for every command (docs: cli contract). Replaces oclif's own JSON and error
 * handling, which loses exit codes and warnings. Results go to stdout, all else to stderr.
 */
export abstract class BaseCommand extends Command {
  static override baseFlags = commonFlags;
  static override enableJsonFlag = true;

  /** The model that a configuration file names, for an index that has none yet. */
  protected configuredModel: { readonly name: string; readonly installedOnly: boolean } | undefined;
  readonly #signals = abortOnSignals();
  readonly #warnings: string[] = [];
  readonly #started = performance.now();
  #logLevel = 'info';

  override async init(): Promise<void> {
    await super.init();
    // oclif would throw what a full disk behind stdout says; a reader that has gone (`| head`) is no error.
    process.stdout.removeAllListeners('error').on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      const failure = asUserError(error, 'The output could not be written');
      process.stderr.write(renderError(failure, this.stderrPalette));
      process.exit(exitCodeOf(failure));
    });
  }

  /** Aborts on Ctrl-C, SIGTERM and SIGHUP, with the error to end with as its reason. */
  protected get signal(): AbortSignal {
    return this.#signals.signal;
  }

  /** Asked before the flags are parsed, too: an error in them is a JSON document as well. */
  override jsonEnabled(): boolean {
    return super.jsonEnabled() || /^(1|true|y|yes)$/i.test(process.env['EMBED_SEARCH_JSON'] ?? '');
  }

  /** Nothing but errors and warnings belongs on stderr. */
  protected get isQuiet(): boolean {
    return this.jsonEnabled() || this.#logLevel === 'error' || this.#logLevel === 'warn';
  }

  protected get stdoutPalette(): Palette {
    return paletteFor(process.stdout);
  }

  protected get stderrPalette(): Palette {
    return paletteFor(process.stderr);
  }

  /** Prints the one JSON document, or the text for people with its warnings, and sets the exit code. */
  protected finish({ result, warnings = [], error = null }: Finished, text: () => string): void {
    // Each is said once, also where there are several results.
    const all = [...this.#warnings.splice(0), ...warnings];
    if (error) process.exitCode = error.exitCode;
    this.explain?.(`done; this process takes ${formatBytes(process.memoryUsage.rss())}`);
    if (this.jsonEnabled()) {
      const failure = error ? { error: errorDocument(error) } : {};
      process.stdout.write(`${JSON.stringify({ ok: !error, result, ...failure, warnings: all })}\n`);
      return;
    }
    process.stdout.write(text());
    for (const warning of all) process.stderr.write(`${this.stderrPalette.yellow('Warning:')} ${warning}\n`);
    if (error) process.stderr.write(renderError(error, this.stderrPalette));
  }

  /** A line for people on stderr, unless they asked for JSON or for less. */
  protected say(line: string): void {
    if (!this.isQuiet) process.stderr.write(`${line}\n`);
  }

  /** For what `--log-level debug` says, also beside JSON; undefined where nobody asked. */
  protected get explain(): ((message: string) => void) | undefined {
    if (this.#logLevel !== 'debug') return undefined;
    return (message) => {
      const seconds = ((performance.now() - this.#started) / 1000).toFixed(3);
      process.stderr.write(`[${seconds} s] ${printable(message)}\n`);
    };
  }

  /** Writes to stdout and waits where the reader is slow, so that output never piles up in memory. */
  protected async write(text: string): Promise<{ readonly isRead: boolean }> {
    if (!process.stdout.write(text)) {
      await once(process.stdout, 'drain', { signal: this.signal }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE') throw error;
      });
    }
    return { isRead: process.stdout.writable };
  }

  /** A line on stderr that belongs to the answer: that it is degraded, or only a part. */
  protected notice(line: string): void {
    if (!this.jsonEnabled()) process.stderr.write(`${line}\n`);
  }

  protected override async parse<
    F extends Record<string, unknown>,
    B extends Record<string, unknown>,
    A extends Record<string, unknown>,
  >(options?: Input<F, B, A>, argv?: string[]): Promise<ParserOutput<F, B, A>> {
    // Else oclif warns, where NODE_ENV says development, of a command that failed to parse.
    this.parsed = true;
    let parsed = await this.#parseOnce(options, argv);
    const configured = options && configuredFlags(options, parsed);
    if (configured) {
      this.configuredModel = configured.model;
      parsed = await this.#parseOnce({ ...configured.input, flags: configured.flags }, argv);
    }
    const level = parsed.flags['log-level'];
    if (typeof level === 'string') this.#logLevel = level;
    this.#warnOfMisspelledVariables();
    this.explain?.(`${this.config.userAgent}: ${this.id} ${JSON.stringify(parsed.flags)}`);
    return parsed;
  }

  /** Every variable that a flag of a command or a part of the program reads. */
  protected knownVariables(): string[] {
    const ofFlags = this.config.commands.flatMap(({ flags }) =>
      Object.values(flags).flatMap(({ env }) => env ?? []),
    );
    return [...new Set([...ofFlags, ...OTHER_VARIABLES])];
  }

  /** `EMBED_SEARCH_MODLE` would be an index by another model, and nobody would know. */
  #warnOfMisspelledVariables(): void {
    if (ownVariables().length === 0) return;
    for (const { name, meant } of unknownVariables(this.knownVariables()))
      if (meant !== undefined) this.warn(`${name} is set, but not read by anything. Did you mean ${meant}?`);
  }

  #parseOnce<
    F extends Record<string, unknown>,
    B extends Record<string, unknown>,
    A extends Record<string, unknown>,
  >(options?: Input<F, B, A>, argv?: string[]): Promise<ParserOutput<F, B, A>> {
    return super.parse<F, B, A>(options, argv).catch((error: unknown) => {
      throw usageError(
        error,
        this.id ?? '',
        Object.keys({ ...this.ctor.baseFlags, ...this.ctor.flags, json: 0 }),
      );
    });
  }

  /** A warning that should not wait for the end of what it is about. */
  protected warnNow(warning: string): void {
    if (this.jsonEnabled()) this.warn(warning);
    else process.stderr.write(`${this.stderrPalette.yellow('Warning:')} ${warning}\n`);
  }

  override warn(input: Error | string): Error | string {
    this.#warnings.push(typeof input === 'string' ? input : input.message);
    return input;
  }

  protected override catch(thrown: unknown): Promise<void> {
    // What a signal interrupted may fail in many ways; the signal is the reason.
    const error: unknown = this.signal.aborted
      ? this.signal.reason
      : asUserError(thrown, 'The command had to stop');
    process.exitCode = exitCodeOf(error);
    if (this.jsonEnabled()) {
      const document = { ok: false, error: errorDocument(error), warnings: this.#warnings };
      process.stdout.write(`${JSON.stringify(document)}\n`);
    } else {
      process.stderr.write(renderError(error, this.stderrPalette));
    }
    return Promise.resolve();
  }

  protected override finally(): Promise<void> {
    this.#signals.dispose();
    return Promise.resolve();
  }
}
