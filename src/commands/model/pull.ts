import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { formatBytes } from '../../lib/cli/format.js';
import { EmbedSearchError } from '../../lib/errors.js';

export default class ModelPull extends BaseCommand {
  static override summary = 'Fetch a model into the models folder.';
  static override description =
    'The one command that uses the network. Ctrl-C keeps what came; the next run goes on. The file takes its place when it is whole and checked. ' +
    'Environment: HF_TOKEN, HF_ENDPOINT, HTTP_PROXY, HTTPS_PROXY, NO_PROXY, EMBED_SEARCH_MODELS (the models folder).';
  static override examples = [
    '<%= config.bin %> <%= command.id %> nomic-embed-code',
    '<%= config.bin %> <%= command.id %> hf:nomic-ai/nomic-embed-text-v1.5-GGUF/nomic-embed-text-v1.5.Q8_0.gguf',
  ];
  static override args = {
    model: Args.string({
      description: 'A name of `model list --known`, hf:OWNER/REPOSITORY[@REVISION]/FILE, or an address.',
      name: 'NAME|hf:OWNER/REPOSITORY/FILE|URL',
      required: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    sha256: Flags.custom({
      description: 'What the SHA-256 of the file has to be.',
      helpValue: 'HEX',
      parse: (input) => {
        if (/^[0-9a-f]{64}$/i.test(input)) return Promise.resolve(input.toLowerCase());
        throw new EmbedSearchError('USAGE', '--sha256 takes 64 hexadecimal digits.');
      },
    })(),
    force: Flags.boolean({ description: 'Fetch it also where a file of that name is there.' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ModelPull);
    const [{ pullModel }, { PullProgressView }] = await Promise.all([
      import('../../lib/catalog/pull-model.js'),
      import('../../lib/cli/pull-progress.js'),
    ]);
    const view = this.isQuiet ? undefined : await PullProgressView.create();
    try {
      const result = await pullModel({
        model: args.model,
        sha256: flags.sha256,
        force: flags.force,
        signal: this.signal,
        onProgress: (bytes, total) => view?.show(bytes, total),
      });
      view?.stop();
      const { notes, ...rest } = result;
      this.finish({ result: rest, warnings: notes }, () =>
        result.wasThere
          ? `${result.path} is there already (${formatBytes(result.bytes)}); --force fetches it anew.\n`
          : `${result.path} (${formatBytes(result.bytes)}). Use it: --model ${result.name}, or embed-search model use ${result.name}\n`,
      );
    } finally {
      view?.stop();
    }
  }
}
