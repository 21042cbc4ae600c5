import * as Flags from '@oclif/core/flags';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BaseCommand } from '../lib/cli/base-command.js';
import { embedderFlags, indexDirFlag } from '../lib/cli/common-flags.js';
import { renderError } from '../lib/cli/render-error.js';
import { EmbedSearchError } from '../lib/errors.js';
import type { Workspace } from '../lib/mcp/workspace.js';

const DEFAULT_PORT = '7345';
/** What is not in order by then ends with the process, milliseconds. */
const LAST_MILLISECONDS = 1_000;

export default class ServeMcp extends BaseCommand {
  static override summary = 'Serve search to coding agents and editors: an MCP server.';
  static override description =
    'Speaks MCP on stdin and stdout; with --http on a port of this machine, for many clients. Tools: search_code, ' +
    'find_similar, read_lines, update_index, index_status. Words answer at once; the embedder starts in the background ' +
    'and can neither block nor end the server.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --print-config claude-code',
    '<%= config.bin %> <%= command.id %> --path ~/work/api --path ~/work/web',
    '<%= config.bin %> <%= command.id %> --http 7345',
  ];
  static override flags = {
    path: Flags.string({
      description:
        'A folder that may be searched; repeatable. Default: what the client names, else the current one.',
      helpValue: 'DIR',
      multiple: true,
      multipleNonGreedy: true,
      env: 'EMBED_SEARCH_PATH',
    }),
    'index-dir': indexDirFlag,
    http: Flags.string({
      description: `Serve streamable HTTP on 127.0.0.1; default port ${DEFAULT_PORT}, 0 takes a free one.`,
      helpValue: '[PORT]',
    }),
    'auto-index': Flags.boolean({
      description: 'Make an index that is missing with the first search.',
      env: 'EMBED_SEARCH_AUTO_INDEX',
    }),
    lazy: Flags.boolean({
      description: 'Start the embedder with the first search, not when a client asks for the tools.',
      env: 'EMBED_SEARCH_LAZY',
    }),
    'embedder-wait': Flags.integer({
      description: 'How long a search waits for the embedder before words alone answer, milliseconds.',
      helpValue: 'MS',
      default: 1_500,
      min: 0,
      max: 60_000,
      env: 'EMBED_SEARCH_EMBEDDER_WAIT',
    }),
    'print-config': Flags.string({
      description:
        'Print what belongs into the settings of claude-code, cursor, vscode, codex, gemini, zed or windsurf.',
      helpValue: 'CLIENT',
      exclusive: ['http', 'print-instructions'],
    }),
    write: Flags.boolean({
      description: 'With --print-config: write it there, beside what is there.',
      default: false,
    }),
    'print-instructions': Flags.boolean({
      description: "Print a text for an agent's own file of rules.",
      exclusive: ['http'],
    }),
    ...embedderFlags,
  };

  async run(): Promise<void> {
    this.argv = withPort(this.argv);
    const { flags } = await this.parse(ServeMcp);
    if (flags['print-instructions']) return this.#printInstructions();
    const client = flags['print-config'];
    if (flags.write && client === undefined) {
      throw new EmbedSearchError('USAGE', '--write goes with --print-config CLIENT.');
    }
    if (client !== undefined) return this.#printConfig(client, flags.write, flags.path ?? []);
    const port = flags.http === undefined ? undefined : portOf(flags.http);
    // Loaded while nothing else is: the handshake waits for this and for no more.
    const { Workspace } = await import('../lib/mcp/workspace.js');
    const workspace = new Workspace({
      version: this.config.version,
      folders: typeof flags.path === 'string' ? [flags.path] : flags.path,
      fallback: '.',
      indexDir: flags['index-dir'],
      model: flags.model,
      runtime: flags.runtime,
      device: flags.device,
      lanes: flags.lanes,
      memory: flags.memory,
      maxEmbedderMemory: flags['max-embedder-memory'],
      autoIndex: flags['auto-index'],
      lazy: flags.lazy,
      embedderWait: flags['embedder-wait'],
    });
    await (port === undefined ? this.#stdio(workspace) : this.#http(workspace, port));
    await Promise.race([workspace.close(), delay(LAST_MILLISECONDS)]);
    // What still runs has had its time; the embedder ends with us.
    const { reason } = this.signal as { reason?: unknown };
    process.exit(reason instanceof EmbedSearchError ? reason.exitCode : 0);
  }

  async #stdio(workspace: Workspace): Promise<void> {
    const { serveStdio } = await import('../lib/mcp/serve-stdio.js');
    const streams = { input: process.stdin, output: process.stdout };
    await serveStdio(workspace, streams, { signal: this.signal, onBug: this.#report });
  }

  async #http(workspace: Workspace, port: number): Promise<void> {
    const { serveHttp } = await import('../lib/mcp/serve-http.js');
    const given = process.env['EMBED_SEARCH_TOKEN'];
    const token = given || randomBytes(24).toString('base64url');
    const server = await serveHttp(workspace, { port, token, onBug: this.#report });
    this.say(`Serving MCP on ${server.url}`);
    if (!given) process.stderr.write(`Authorization: Bearer ${token}\n`);
    await new Promise<void>((resolve) => {
      this.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await Promise.race([server.close(), delay(LAST_MILLISECONDS)]);
  }

  readonly #report = (error: unknown): void => {
    process.stderr.write(renderError(error, this.stderrPalette));
  };

  async #printInstructions(): Promise<void> {
    const { AGENT_INSTRUCTIONS } = await import('../lib/mcp/client-config.js');
    this.finish({ result: { instructions: AGENT_INSTRUCTIONS } }, () => AGENT_INSTRUCTIONS);
  }

  async #printConfig(client: string, write: boolean, folders: readonly string[]): Promise<void> {
    const { clientConfig, writeClientConfig } = await import('../lib/mcp/client-config.js');
    const paths = folders.flatMap((folder) => ['--path', folder]);
    const server = { command: 'embed-search', args: ['serve-mcp', ...paths] };
    const config = (write ? writeClientConfig : clientConfig)(client, server, process.cwd());
    this.finish({ result: { client, ...config, written: write } }, () => config.snippet);
    this.say(write ? `Written into ${config.file}` : `Belongs into ${config.file}; --write puts it there.`);
  }
}

/** oclif has no flag whose value may be left out. */
function withPort(argv: readonly string[]): string[] {
  return argv.map((arg, index) => {
    if (arg !== '--http') return arg;
    return /^\d/.test(argv[index + 1] ?? '') ? arg : `--http=${DEFAULT_PORT}`;
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new EmbedSearchError('USAGE', `"${text}" is no port.`, { fix: 'Name a number up to 65535.' });
}
