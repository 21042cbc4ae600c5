import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/base-command.js';
import {
  embedderChoices,
  embedderFlags,
  indexDirFlag,
  modelFlags,
  pathFlag,
} from '../lib/cli/common-flags.js';

export default class Eval extends BaseCommand {
  static override summary = 'Measure how well the index answers your own questions.';
  static override description =
    'DIR holds queries.jsonl, a line {"_id": "q1", "text": "..."} a question, and qrels/test.tsv, a line ' +
    '"query-id<TAB>document-id<TAB>grade" a judgement; a document id is the path of a file of the indexed folder. ' +
    'Prints nDCG@10, Recall@10, MRR@10 and success@1 with 95 % bootstrap intervals for words over whole files, words, ' +
    'vectors, both added, and both with the ranking, which is what query does; for all questions and, by what the ' +
    'metadata of the questions says, for slices of them.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> my-questions',
    '<%= config.bin %> <%= command.id %> my-questions --path ../project --json',
  ];
  static override args = {
    dir: Args.string({
      description: 'The folder with questions and judgements.',
      name: 'DIR',
      required: true,
    }),
  };
  static override flags = {
    path: pathFlag,
    'index-dir': indexDirFlag,
    slices: Flags.boolean({ description: 'Also print the slices.', default: true, allowNo: true }),
    ...embedderFlags,
    ...modelFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Eval);
    const [{ findIndex }, { Searcher }, { evaluate }, { renderEvaluation }, { publishSession }] =
      await Promise.all([
        import('../lib/search/find-index.js'),
        import('../lib/search/searcher.js'),
        import('../lib/evaluation/evaluate.js'),
        import('../lib/cli/render-evaluation.js'),
        import('../lib/diagnostics/sessions.js'),
      ]);
    const found = findIndex(flags.path ?? '.', flags['index-dir']);
    const searcher = await Searcher.open({ ...found, ...embedderChoices(flags) });
    const session = publishSession(found.indexDir, 'eval', () => searcher.memory());
    try {
      const { result, warnings } = await evaluate(searcher, args.dir, { signal: this.signal });
      this.finish(
        {
          result: { ...result, memory: await searcher.memory() },
          warnings: [...searcher.warnings, ...warnings],
        },
        () => renderEvaluation(result, flags.slices, this.stdoutPalette),
      );
    } finally {
      session.close();
      await searcher.close();
    }
  }
}
