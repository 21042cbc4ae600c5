import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../lib/cli/base-command.js';
import {
  embedderChoices,
  embedderFlags,
  indexDirFlag,
  modelFlags,
  pathFlag,
} from '../lib/cli/common-flags.js';
import { exitCodeOf } from '../lib/cli/render-error.js';
import { EmbedSearchError } from '../lib/errors.js';
import type { FoundIndex } from '../lib/search/find-index.js';

const WATCH_MILLISECONDS = 1_000;

export default class Doctor extends BaseCommand {
  static override summary = 'Prove that everything works, or say what does not and what mends it.';
  static override description =
    'Starts the embedder, compares its vectors with stored ones, looks at the index, the machine and the environment, ' +
    'and shows how much memory this process and the embedder take. Exits 0 where there are warnings only.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --deep --fix',
    '<%= config.bin %> <%= command.id %> --watch',
    '<%= config.bin %> <%= command.id %> --report report.txt',
  ];
  static override flags = {
    path: pathFlag,
    'index-dir': indexDirFlag,
    deep: Flags.boolean({
      description: 'Also read every checksum of the index, and kill the embedder to see it come back.',
    }),
    fix: Flags.boolean({
      description:
        'First mend what loses nothing: permissions, leftovers, damaged vectors; says what it did.',
    }),
    watch: Flags.boolean({
      description: 'Show the memory of the commands that work on this index, each second, until Ctrl-C.',
      exclusive: ['deep', 'fix', 'report'],
    }),
    report: Flags.string({
      description: "Write a text for a bug report, without the names or contents of the user's files.",
      helpValue: 'FILE',
    }),
    ...embedderFlags,
    ...modelFlags,
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Doctor);
    const folder = path.resolve(flags.path ?? '.');
    const index = await this.#index(folder, flags['index-dir']);
    if (flags.watch) return this.#watch(index);
    const [{ doctor }, { renderCheck, renderVerdict }, { renderMemoryTable }] = await Promise.all([
      import('../lib/diagnostics/doctor.js'),
      import('../lib/cli/render-doctor.js'),
      import('../lib/cli/render-memory-table.js'),
    ]);
    const choices = embedderChoices(flags);
    const fixed = flags.fix && !(index instanceof EmbedSearchError) ? await this.#fix(index, choices) : [];
    const palette = this.stdoutPalette;
    const isTerminal = process.stdout.columns > 0; // undefined off a terminal
    const {
      checks,
      error,
      memory: figures,
    } = await doctor(
      {
        folder,
        index,
        ...choices,
        defaultModel: this.configuredModel,
        deep: flags.deep,
        knownVariables: this.knownVariables(),
        program: path.join(this.config.root, 'bin/run.js'),
        terminal: {
          isTerminal,
          columns: isTerminal ? process.stdout.columns : 0,
          colours: palette.bold('') !== '',
        },
        signal: this.signal,
      },
      (check) => {
        if (!this.jsonEnabled()) process.stdout.write(renderCheck(check, palette));
      },
    );
    if (flags.report !== undefined) {
      const { reportText } = await import('../lib/diagnostics/report.js');
      await writeFile(flags.report, reportText(this.config.version, checks, figures));
      this.say(`The report is in ${flags.report}.`);
    }
    const result = { checks, ...(flags.fix ? { fixed } : {}), memory: figures };
    this.finish({ result, error }, () =>
      [renderVerdict(checks, palette), renderMemoryTable(figures, palette, { bars: isTerminal })].join('\n'),
    );
  }

  async #index(folder: string, indexDir: string | undefined): Promise<FoundIndex | EmbedSearchError> {
    const { findIndex } = await import('../lib/search/find-index.js');
    try {
      return findIndex(folder, indexDir);
    } catch (error) {
      if (error instanceof EmbedSearchError && error.code === 'INDEX_MISSING') return error;
      throw error;
    }
  }

  async #fix(index: FoundIndex, choices: ReturnType<typeof embedderChoices>): Promise<readonly string[]> {
    const { repair } = await import('../lib/diagnostics/repair.js');
    const { indexFolder } = await import('../lib/indexing/index-folder.js');
    const fixed = await repair(index, async (root, walk) => {
      const { result, warnings, error } = await indexFolder({
        ...walk,
        ...choices,
        defaultModel: this.configuredModel,
        root,
        indexDir: index.indexDir,
        signal: this.signal,
      });
      if (error) throw error;
      return { embedded: result.chunks.embedded, notes: warnings };
    });
    for (const line of fixed) this.say(`Mended: ${line}`);
    return fixed;
  }

  async #watch(index: FoundIndex | EmbedSearchError): Promise<void> {
    if (index instanceof EmbedSearchError) throw index;
    const [{ liveSessions }, { renderSessions }] = await Promise.all([
      import('../lib/diagnostics/sessions.js'),
      import('../lib/cli/render-sessions.js'),
    ]);
    for (;;) {
      const sessions = await liveSessions(index.indexDir);
      const { isRead } = await this.write(
        this.jsonEnabled()
          ? `${JSON.stringify({ ok: true, result: { sessions }, warnings: [] })}\n`
          : renderSessions(sessions, this.stdoutPalette, process.stdout),
      );
      if (!isRead) return;
      const isOver = await delay(WATCH_MILLISECONDS, false, { signal: this.signal }).catch(() => true);
      if (!isOver) continue;
      // Ctrl-C is how it ends.
      process.exitCode = exitCodeOf(this.signal.reason);
      return;
    }
  }
}
