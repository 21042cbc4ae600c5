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
import { indexedPath, parsePlace } from '../lib/cli/place.js';
import { EmbedSearchError } from '../lib/errors.js';
import type { Searcher } from '../lib/search/searcher.js';
import type { SearchRequest, SearchResult } from '../lib/search/types.js';

export default class Query extends BaseCommand {
  static override summary = 'Find code and text by meaning and by words.';
  static override description =
    'Asks the index of the nearest folder, from the current one upwards, that has one. ' +
    'Where the embedder cannot run, words alone answer, and a line on stderr says so. ' +
    'In TEXT, lang:NAME and path:GLOB narrow the search, a "phrase" in double quotes counts where it stands word for ' +
    'word, and -word at the end puts what has the word last; what only looks like these is words.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> "where do we retry a failed upload"',
    '<%= config.bin %> <%= command.id %> parseConfig --lang ts --glob "src/**"',
    `<%= config.bin %> <%= command.id %> 'retry an upload path:src -test' --explain`,
    '<%= config.bin %> <%= command.id %> --like src/upload.ts:42',
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
    exact: Flags.boolean({
      description:
        'Compare with every vector, instead of the candidates that a quick look at all of them gives.',
    }),
    'min-score': Flags.custom<number>({
      description: 'Only hits whose score, 0 to 1, is not below this.',
      helpValue: 'X',
      env: 'EMBED_SEARCH_MIN_SCORE',
      parse: (input) => {
        const score = Number(input);
        if (input.trim() !== '' && score >= 0 && score <= 1) return Promise.resolve(score);
        throw new EmbedSearchError('USAGE', `--min-score takes a number from 0 to 1, not "${input}".`);
      },
    })(),
    explain: Flags.boolean({
      description: 'Say how the query was understood and what each score is made of.',
    }),
    context: Flags.integer({
      description: 'Lines of the file to show before and after each snippet.',
      helpValue: 'N',
      default: 0,
      min: 0,
      max: 1000,
      env: 'EMBED_SEARCH_CONTEXT',
    }),
    like: Flags.string({
      description: 'Find what is like the passage at a line of an indexed file, instead of TEXT.',
      helpValue: 'FILE:LINE',
    }),
    batch: Flags.string({
      description: 'Ask each line of a file (- is stdin); prints one JSON result a line.',
      helpValue: 'FILE|-',
    }),
    'check-stale': Flags.boolean({
      description: 'Also say how many files have changed since they were indexed.',
    }),
    ...embedderFlags,
    ...modelFlags,
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(Query);
    const asked = [
      ...(args.text === undefined ? [] : ['a query']),
      ...(flags.batch === undefined ? [] : ['--batch']),
      ...(flags.like === undefined ? [] : ['--like']),
    ];
    if (asked.length > 1) {
      const [first, second] = asked as [string, string];
      throw new EmbedSearchError('USAGE', `${capitalized(first)} and ${second} do not go together.`);
    }
    const like = flags.like === undefined ? undefined : parsePlace(flags.like);
    if (flags.batch === undefined && like === undefined && !args.text?.trim()) {
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
    const { mode } = flags;
    const searcher = await Searcher.open({ ...found, ...embedderChoices(flags) });
    const request = {
      mode,
      limit: flags.limit,
      by: flags.by,
      globs: flags.glob,
      languages: flags.lang,
      exact: flags.exact,
      context: flags.context,
      minScore: flags['min-score'],
      explain: flags.explain,
      signal: this.signal,
    };
    const { publishSession } = await import('../lib/diagnostics/sessions.js');
    const session = publishSession(found.indexDir, 'query', () => searcher.memory());
    const shown = {
      checkStale: flags['check-stale'],
      narrowing: [
        ...(flags.glob ?? []).map((glob) => `--glob ${glob}`),
        ...(flags.lang ?? []).map((language) => `--lang ${language}`),
        ...(flags['min-score'] ? [`--min-score ${flags['min-score']}`] : []),
      ],
    };
    try {
      if (like !== undefined) {
        // Its vector is in the index: no embedder is needed.
        const place = { path: indexedPath(like.file, searcher.root), line: like.line };
        await this.#one(searcher, () => searcher.similar({ ...request, ...place }), shown);
        return;
      }
      searcher.warmUp(mode);
      await (flags.batch === undefined
        ? this.#one(searcher, () => searcher.search({ ...request, text: args.text! }), shown)
        : this.#batch(searcher, request, flags.batch));
    } finally {
      session.close();
      await searcher.close();
    }
  }

  async #one(
    searcher: Searcher,
    ask: () => Promise<SearchResult>,
    { checkStale, narrowing }: { readonly checkStale: boolean; readonly narrowing: readonly string[] },
  ): Promise<void> {
    const found = await ask();
    const staleness = checkStale ? await this.#staleness(searcher) : undefined;
    const stale = staleness ? { stale: staleness.stale } : {};
    const result = { ...found, ...stale, memory: await searcher.memory() };
    const [{ coverageNote, renderSearch }, { staleNote }] = await Promise.all([
      import('../lib/cli/render-search.js'),
      import('../lib/cli/stale-note.js'),
    ]);
    const notes = [
      found.degraded && `Words alone answered: ${found.degraded.reason}`,
      found.degraded ? undefined : coverageNote(found),
      staleness && `Index: ${staleNote(staleness.stale, staleness.command)}.`,
    ];
    this.finish({ result, warnings: searcher.warnings }, () =>
      renderSearch(found, searcher.root, this.stdoutPalette, narrowing),
    );
    for (const note of notes) if (note) this.notice(this.stderrPalette.yellow(note));
  }

  async #staleness(searcher: Searcher) {
    const [{ measureStaleness }, { indexCommand }] = await Promise.all([
      import('../lib/diagnostics/staleness.js'),
      import('../lib/indexing/index-command.js'),
    ]);
    const { root, indexDir } = searcher;
    return searcher.use(async (reader) => ({
      stale: await measureStaleness(reader, root, indexDir, this.signal),
      command: indexCommand({ root, indexDir, walk: reader.lastRun?.walk }),
    }));
  }

  /** Every line gets its own document, also one that fails; the exit code then says that it was done in part. */
  async #batch(searcher: Searcher, request: Omit<SearchRequest, 'text'>, file: string): Promise<void> {
    const [{ batchLines }, { errorDocument, renderError }, { heapTidier }] = await Promise.all([
      import('../lib/cli/batch-lines.js'),
      import('../lib/cli/render-error.js'),
      import('../lib/memory/tidy-heap.js'),
    ]);
    const questionEnded = heapTidier();
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
      questionEnded();
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

function capitalized(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
