import { BaseCommand } from '../lib/cli/base-command.js';
import { indexDirFlag, pathFlag } from '../lib/cli/common-flags.js';

export default class Status extends BaseCommand {
  static override summary = 'Say what is indexed, by which model, how fresh and how large.';
  static override description =
    'Asks the index of the nearest folder, from the current one upwards, that has one, and compares it with the files on disk.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override flags = { path: pathFlag, 'index-dir': indexDirFlag };

  async run(): Promise<void> {
    const { flags } = await this.parse(Status);
    const [{ findIndex }, { indexStatus }, { renderStatus }, { memoryReport }] = await Promise.all([
      import('../lib/search/find-index.js'),
      import('../lib/diagnostics/index-status.js'),
      import('../lib/cli/render-status.js'),
      import('../lib/memory.js'),
    ]);
    const found = findIndex(flags.path ?? '.', flags['index-dir']);
    const { status, warnings } = await indexStatus(found.indexDir, found.root, this.signal);
    const result = { ...status, memory: memoryReport(undefined, 0) };
    this.finish({ result, warnings }, () => renderStatus(status, this.stdoutPalette));
  }
}
