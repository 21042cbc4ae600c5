import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { modelChoices, modelFlags } from '../../lib/cli/common-flags.js';

export default class ModelInfo extends BaseCommand {
  static override summary = 'Say what will be done with a model, before anything is loaded.';
  static override description =
    'Pooling, prefixes, limit, where that is known from, the memory to expect, and what --memory auto would take now. Reads the header of the file only.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ~/models/any.gguf',
  ];
  static override args = {
    model: Args.string({
      description: 'The name of a model, or a GGUF file; default: the one that ships.',
      name: 'NAME|FILE',
      ignoreStdin: true,
    }),
  };
  static override flags = { ...modelFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelInfo);
    const [{ useOf }, { renderModelUse }] = await Promise.all([
      import('../../lib/diagnostics/model-use.js'),
      import('../../lib/cli/render-model.js'),
    ]);
    const use = await useOf(args.model ?? this.configuredModel?.name, modelChoices(flags));
    this.finish({ result: use, warnings: use.notes }, () => renderModelUse(use, this.stdoutPalette));
  }
}
