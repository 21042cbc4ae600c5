import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';

export default class ModelList extends BaseCommand {
  static override summary =
    'List the models that are there: the one that ships, and those of the models folder.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --known',
  ];
  static override flags = {
    known: Flags.boolean({ description: 'Also list the models that are known by their cards.' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ModelList);
    const [{ listModels }, { renderModelList }] = await Promise.all([
      import('../../lib/catalog/list-models.js'),
      import('../../lib/cli/render-model.js'),
    ]);
    const { folder, installed, known } = await listModels();
    const result = { folder, installed, ...(flags.known ? { known } : {}) };
    this.finish({ result }, () => renderModelList(result, this.stdoutPalette));
  }
}
