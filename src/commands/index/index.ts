import path from 'node:path';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import type { IndexProgressView } from '../../lib/cli/index-progress.js';
import { exitCodeOf } from '../../lib/cli/render-error.js';
import {
  bytesFlag,
  embedderChoices,
  embedderFlags,
  indexDirFlag,
  modelFlags,
  pathFlag,
} from '../../lib/cli/common-flags.js';
import { indexFolderOf } from '../../lib/config.js';
import { waitArguments, waitFlag } from '../../lib/cli/wait-flag.js';
import { walkSettings } from '../../lib/indexing/walk-settings.js';
import type { IndexOptions } from '../../lib/indexing/types.js';

/** oclif gives what stands in an environment variable as one string, also where a flag may be repeated. */
function asList(value: readonly string[] | string | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : value;
}

/** Chunks: a burst of changes that is shown while it is embedded. */
const LONG_UPDATE = 200;

export default class Index extends BaseCommand {
  static override summary = 'Index the files of a folder, or bring its index up to date.';
  static override description =
    'Words can be searched within seconds; vectors follow, shard by shard. Only what has changed is read again, ' +
    'and a text that is known is not embedded again. Ctrl-C keeps what is done; the next run goes on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ~/notes --exclude "drafts/**"',
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --watch',
  ];
  static override args = {
    path: Args.string({
      description: 'The folder to index; default: the current one.',
      name: 'PATH',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    path: pathFlag,
    'index-dir': indexDirFlag,
    include: Flags.string({
      description: 'Only files that this glob matches; repeatable.',
      helpValue: 'GLOB',
      multiple: true,
      multipleNonGreedy: true,
      env: 'EMBED_SEARCH_INCLUDE',
    }),
    exclude: Flags.string({
      description: 'Leave out files and folders that this glob matches; repeatable.',
      helpValue: 'GLOB',
      multiple: true,
      multipleNonGreedy: true,
      env: 'EMBED_SEARCH_EXCLUDE',
    }),
    'max-file-size': bytesFlag({
      description: 'Leave out larger files; for example 512K or 2MB.',
      env: 'EMBED_SEARCH_MAX_FILE_SIZE',
    }),
    rebuild: Flags.boolean({ description: 'Forget the old index and make it anew.' }),
    'dry-run': Flags.boolean({
      description: 'Say which files would be indexed and which left out, and why; write nothing.',
      exclusive: ['rebuild'],
    }),
    watch: Flags.boolean({
      description:
        'Stay, and take in what changes below the folder; Ctrl-C ends it. With --json: a document a line for each run.',
      exclusive: ['dry-run'],
      env: 'EMBED_SEARCH_WATCH',
    }),
    wait: waitFlag,
    ...embedderFlags,
    ...modelFlags,
  };

  async run(): Promise<void> {
    const { args, flags, metadata } = await this.parse(Index, waitArguments(this.argv));
    const options: IndexOptions = {
      root: args.path ?? flags.path ?? '.',
      indexDir: flags['index-dir'],
      ...embedderChoices(flags),
      defaultModel: this.configuredModel,
      include: asList(flags.include),
      exclude: asList(flags.exclude),
      maxFileSize: flags['max-file-size'],
      rebuild: flags.rebuild,
      signal: this.signal,
      onDebug: this.explain,
    };
    // Whoever names patterns has thought of them.
    const isNamed = (name: string) => metadata.flags[name]?.setFromDefault !== true;
    if (!isNamed('include') && !isNamed('exclude')) await this.#warnOfRulesNotKept(options);
    if (flags['dry-run']) return this.#plan(options);
    if (flags.watch) return this.#watch(options);
    const waitForLock =
      flags.wait === undefined
        ? undefined
        : { milliseconds: flags.wait * 1_000, onHeld: (holder: string) => this.#sayHeld(holder) };
    return this.#index({ ...options, waitForLock });
  }

  async #warnOfRulesNotKept(options: IndexOptions): Promise<void> {
    const [{ rulesNotKept }, { rulesWarning }] = await Promise.all([
      import('../../lib/indexing/last-rules.js'),
      import('../../lib/cli/rules-warning.js'),
    ]);
    const indexDir = indexFolderOf(path.resolve(options.root), options.indexDir);
    const warning = rulesWarning(await rulesNotKept(indexDir, walkSettings(options)));
    if (warning !== undefined) this.warnNow(warning);
  }

  async #plan(options: IndexOptions): Promise<void> {
    const [{ planIndex }, { renderDryRun }] = await Promise.all([
      import('../../lib/indexing/plan.js'),
      import('../../lib/cli/render-index.js'),
    ]);
    const result = await planIndex(options);
    this.finish({ result }, () => renderDryRun(result, this.stdoutPalette));
  }

  async #index(options: IndexOptions): Promise<void> {
    const [{ indexFolder }, { renderIndex }, { IndexProgressView }, { publishIndexing }] = await Promise.all([
      import('../../lib/indexing/index-folder.js'),
      import('../../lib/cli/render-index.js'),
      import('../../lib/cli/index-progress.js'),
      import('../../lib/diagnostics/sessions.js'),
    ]);
    const session = publishIndexing(options, 'index');
    const view = await this.#progressView(IndexProgressView);
    try {
      const outcome = await indexFolder({
        ...options,
        onProgress: (event) => view?.show(event),
        onMemory: session.onMemory,
      });
      view?.stop();
      this.finish(outcome, () => renderIndex(outcome.result, outcome.error === null, this.stdoutPalette));
    } finally {
      session.close();
      view?.stop();
    }
  }

  async #watch(options: IndexOptions): Promise<void> {
    const [
      { watchFolder },
      { renderIndex },
      { IndexProgressView },
      { renderNotice, renderRun },
      { publishIndexing },
    ] = await Promise.all([
      import('../../lib/indexing/watch-folder.js'),
      import('../../lib/cli/render-index.js'),
      import('../../lib/cli/index-progress.js'),
      import('../../lib/cli/render-watch.js'),
      import('../../lib/diagnostics/sessions.js'),
    ]);
    const view = await this.#progressView(IndexProgressView);
    const session = publishIndexing(options, 'index --watch');
    let runs = 0;
    try {
      await watchFolder({
        ...options,
        onMemory: session.onMemory,
        signal: this.signal,
        // After the first run only what takes long is worth a bar.
        onProgress: (event) => {
          if (runs === 0 || (event.phase === 'embedding' && event.total > LONG_UPDATE)) view?.show(event);
        },
        onRun: (outcome) => {
          view?.stop();
          const isWhole = outcome.error === null;
          const render = runs++ === 0 ? renderIndex : renderRun;
          this.finish(outcome, () => render(outcome.result, isWhole, this.stdoutPalette));
          process.exitCode = undefined;
        },
        onNotice: (notice) => {
          view?.stop();
          this.say(renderNotice(notice, this.stderrPalette));
        },
      });
    } catch (error) {
      view?.stop();
      if (!this.signal.aborted || this.jsonEnabled()) throw error;
      process.exitCode = exitCodeOf(this.signal.reason);
      this.say('Stopped watching. What was taken in stays; the next run goes on from there.');
    } finally {
      session.close();
    }
  }

  async #progressView(View: typeof IndexProgressView): Promise<IndexProgressView | undefined> {
    return this.isQuiet ? undefined : View.create((line) => this.say(line), this.explain !== undefined);
  }

  #sayHeld(holder: string): void {
    this.notice(`The index is being written by ${holder}; waiting for it to end. Ctrl-C gives up.`);
  }
}
