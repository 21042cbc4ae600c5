import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { bytesFlag, embedderFlags, indexDirFlag, pathFlag } from '../../lib/cli/common-flags.js';
import type { IndexOptions } from '../../lib/indexing/types.js';

/** oclif gives what stands in an environment variable as one string, also where a flag may be repeated. */
function asList(value: readonly string[] | string | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : value;
}

export default class Index extends BaseCommand {
  static override summary = 'Index the files of a folder, or bring its index up to date.';
  static override description =
    'Words can be searched within seconds; vectors follow, shard by shard. Only what has changed is read again, ' +
    'and a text that is known is not embedded again. Ctrl-C keeps what is done; the next run goes on.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ~/notes --exclude "drafts/**"',
    '<%= config.bin %> <%= command.id %> --dry-run',
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
    ...embedderFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Index);
    const options: IndexOptions = {
      root: args.path ?? flags.path ?? '.',
      indexDir: flags['index-dir'],
      model: flags.model,
      runtime: flags.runtime,
      lanes: flags.lanes,
      memory: flags.memory,
      maxEmbedderMemory: flags['max-embedder-memory'],
      include: asList(flags.include),
      exclude: asList(flags.exclude),
      maxFileSize: flags['max-file-size'],
      rebuild: flags.rebuild,
      signal: this.signal,
    };
    await (flags['dry-run'] ? this.#plan(options) : this.#index(options));
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
    const [{ indexFolder }, { renderIndex }, { IndexProgressView }] = await Promise.all([
      import('../../lib/indexing/index-folder.js'),
      import('../../lib/cli/render-index.js'),
      import('../../lib/cli/index-progress.js'),
    ]);
    const view = this.isQuiet ? undefined : await IndexProgressView.create((line) => this.say(line));
    try {
      const outcome = await indexFolder({ ...options, onProgress: (event) => view?.show(event) });
      view?.stop();
      this.finish(outcome, () => renderIndex(outcome.result, outcome.error === null, this.stdoutPalette));
    } finally {
      view?.stop();
    }
  }
}
