import * as Args from '@oclif/core/args';
import { BaseCommand } from '../lib/cli/base-command.js';
import { indexDirFlag, pathFlag } from '../lib/cli/common-flags.js';

export default class Status extends BaseCommand {
  static override summary = 'Say what is indexed, by which model, how fresh and how large.';
  static override description =
    'Asks the index of the nearest folder, from the current one upwards, that has one, and compares it with the files ' +
    'on disk. With a FILE it says what is known about that file, and why it is or is not in the index; of a folder, ' +
    'how many files of it are.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> src/upload.ts',
    '<%= config.bin %> <%= command.id %> src',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override args = {
    file: Args.string({ description: 'A file, or a folder, to ask about.', name: 'FILE', ignoreStdin: true }),
  };
  static override flags = { path: pathFlag, 'index-dir': indexDirFlag };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Status);
    const { findIndex } = await import('../lib/search/find-index.js');
    const found = findIndex(flags.path ?? '.', flags['index-dir']);
    await (args.file === undefined ? this.#index(found) : this.#file(args.file, found));
  }

  async #index(found: { readonly indexDir: string; readonly root?: string }): Promise<void> {
    const [{ indexStatus }, { renderStatus }, { memoryReport }] = await Promise.all([
      import('../lib/diagnostics/index-status.js'),
      import('../lib/cli/render-status.js'),
      import('../lib/memory.js'),
    ]);
    const { status, warnings } = await indexStatus(found.indexDir, found.root, this.signal);
    const result = { ...status, memory: memoryReport(undefined) };
    this.finish({ result, warnings }, () => renderStatus(status, this.stdoutPalette));
  }

  async #file(file: string, found: { readonly indexDir: string; readonly root?: string }): Promise<void> {
    const [{ fileStatus }, { renderFileStatus }, { memoryReport }] = await Promise.all([
      import('../lib/diagnostics/file-status.js'),
      import('../lib/cli/render-file-status.js'),
      import('../lib/memory.js'),
    ]);
    const status = await fileStatus(file, found, this.signal);
    const result = { ...status, memory: memoryReport(undefined) };
    this.finish({ result }, () => renderFileStatus(status, this.stdoutPalette));
  }
}
