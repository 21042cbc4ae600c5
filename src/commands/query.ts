import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/base-command.js';
import { embedderFlags, indexDirFlag, pathFlag } from '../lib/cli/common-flags.js';
import { EmbedSearchError } from '../lib/errors.js';
import type { Searcher } from '../lib/search/searcher.js';
import type { SearchRequest } from '../lib/search/types.js';

export default class Query extends BaseCommand {
  static override summary = 'Find code and text by meaning and by words.';
  static override description =
    'Asks the index of the nearest folder, from the current one upwards, that has one. ' +
    'Where the embedder cannot run, words alone answer, and a line on stderr says so.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> "where do we retry a failed upload"',
    '<%= config.bin %> <%= command.id %> parseConfig --lang ts --glob "src/**"',
    '<%= config.bin %> <%= command.id %> --batch questions.txt',
  ];
  static override args = {
    text: Args.string({
      description: 'What you are looking for, in words or as a name.',
      name: 'TEXT',
      ignoreStdin: true,
    }),
  };
  static override flags = {
    path: pathFlag,
    'index-dir': indexDirFlag,
    limit: Flags.integer({
      char: 'k',
      description: 'How many hits.',
      helpValue: 'N',
      default: 10,
      min: 1,
      max: 1000,
      env: 'EMBED_SEARCH_LIMIT',
    }),
    mode: Flags.option({
      options: ['hybrid', 'vector', 'lexical'] as const,
      description: 'Search by meaning and words, by meaning alone, or by words alone.',
      default: 'hybrid' as const,
      env: 'EMBED_SEARCH_MODE',
    })(),
    by: Flags.option({
      options: ['chunk', 'file'] as const,
      description: 'One hit a chunk, or one a file.',
      default: 'chunk' as const,
      env: 'EMBED_SEARCH_BY',
    })(),
    glob: Flags.string({
      description: 'Only files that this glob matches; repeatable.',
      helpValue: 'GLOB',
      multiple: true,
      multipleNonGreedy: true,
    }),
    lang: Flags.string({
      description: 'Only files in this language; repeatable.',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    context: Flags.integer({
      description: 'Lines of the file to show before and after each snippet.',
      helpValue: 'N',
      default: 0,
      min: 0,
      max: 1000,
      env: 'EMBED_SEARCH_CONTEXT',
    }),
    batch: Flags.string({
      description: 'Ask each line of a file (- is stdin); prints one JSON result a line.',
      helpValue: 'FILE|-',
    }),
    'check-stale': Flags.boolean({
      description: 'Also say how many files have changed since they were indexed.',
    }),
    ...embedderFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Query);
    if (args.text !== undefined && flags.batch !== undefined) {
      throw new EmbedSearchError('USAGE', 'A query and --batch do not go together.');
    }
    if (flags.batch === undefined && !args.text?.trim()) {
      throw new EmbedSearchError(
        'QUERY_EMPTY',
        args.text === undefined ? 'The query is missing.' : 'The query is empty.',
      );
    }
    const [{ findIndex }, { Searcher }] = await Promise.all([
      import('../lib/search/find-index.js'),
      import('../lib/search/searcher.js'),
    ]);
    const found = findIndex(flags.path ?? '.', flags['index-dir']);
    const { model, runtime, lanes, memory, mode } = flags;
    const maxEmbedderMemory = flags['max-embedder-memory'];
    const embedder = { model, runtime, lanes, memory, maxEmbedderMemory };
    const searcher = await Searcher.open({ ...found, ...embedder });
    const request = {
      mode,
      limit: flags.limit,
      by: flags.by,
      globs: flags.glob,
      languages: flags.lang,
      context: flags.context,
      signal: this.signal,
    };
    try {
      searcher.warmUp(mode);
      await (flags.batch === undefined
        ? this.#one(searcher, { ...request, text: args.text! }, flags['check-stale'])
        : this.#batch(searcher, request, flags.batch));
    } finally {
      await searcher.close();
    }
  }

  async #one(searcher: Searcher, request: SearchRequest, checkStale: boolean): Promise<void> {
    const found = await searcher.search(request);
    const stale = checkStale ? { stale: await this.#staleness(searcher) } : {};
    const result = { ...found, ...stale, memory: await searcher.memory() };
    const [{ coverageNote, renderSearch }, { staleNote }] = await Promise.all([
      import('../lib/cli/render-search.js'),
      import('../lib/cli/stale-note.js'),
    ]);
    const notes = [
      found.degraded && `Words alone answered: ${found.degraded.reason}`,
      found.degraded ? undefined : coverageNote(found),
      stale.stale && `Index: ${staleNote(stale.stale)}.`,
    ];
    this.finish({ result, warnings: searcher.warnings }, () =>
      renderSearch(found, searcher.root, this.stdoutPalette),
    );
    for (const note of notes) if (note) this.notice(this.stderrPalette.yellow(note));
  }

  async #staleness({ reader, root, indexDir }: Searcher) {
    const { measureStaleness } = await import('../lib/diagnostics/staleness.js');
    return measureStaleness(reader, root, indexDir, this.signal);
  }

  /** Every line gets its own document, also one that fails; the exit code then says that it was done in part. */
  async #batch(searcher: Searcher, request: Omit<SearchRequest, 'text'>, file: string): Promise<void> {
    const [{ batchLines }, { errorDocument, renderError }] = await Promise.all([
      import('../lib/cli/batch-lines.js'),
      import('../lib/cli/render-error.js'),
    ]);
    let failed = 0;
    let degraded: string | undefined;
    for await (const text of batchLines(file, this.signal)) {
      this.signal.throwIfAborted();
      let document: unknown;
      try {
        const found = await searcher.search({ ...request, text });
        if (found.degraded && found.degraded.reason !== degraded)
          this.notice(this.stderrPalette.yellow(`Words alone answered: ${found.degraded.reason}`));
        degraded = found.degraded?.reason;
        const result = { ...found, memory: await searcher.memory() };
        document = { ok: true, result, warnings: searcher.warnings };
      } catch (error) {
        if (!(error instanceof EmbedSearchError) || this.signal.aborted) throw error;
        failed += 1;
        document = { ok: false, error: errorDocument(error), warnings: searcher.warnings };
      }
      const { isRead } = await this.write(`${JSON.stringify(document)}\n`);
      if (!isRead) break;
    }
    this.signal.throwIfAborted();
    if (failed > 0) {
      const error = new EmbedSearchError(
        'DONE_IN_PART',
        `${failed} of the queries failed; each says why on its line.`,
      );
      process.exitCode = error.exitCode;
      this.notice(renderError(error, this.stderrPalette).trimEnd());
    }
  }
}
