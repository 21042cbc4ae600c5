import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';

export default class ModelUse extends BaseCommand {
  static override summary = 'Make a model the one that new indexes take.';
  static override description =
    'Writes it into your configuration file, or with --project into that of the project. An index that is there keeps the model that made it until it is made anew: index --rebuild.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> bge-m3-q8_0',
    '<%= config.bin %> <%= command.id %> nomic-embed-code.Q4_K_M --project',
  ];
  static override args = {
    model: Args.string({
      description: 'The name of a model, or a GGUF file.',
      name: 'NAME|FILE',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    project: Flags.boolean({ description: 'Write into the configuration file of the project.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelUse);
    const { useModel } = await import('../../lib/catalog/use-model.js');
    const result = await useModel(args.model, flags.project ? 'project' : 'user');
    this.finish({ result }, () => `New indexes take ${result.model} (${result.file}).\n`);
  }
}
