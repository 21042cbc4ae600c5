import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';

/** How the server is started by a client. */
export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
}

interface Client {
  /** Where its settings are; below the project, or below the home folder after `~/`. */
  readonly file: string;
  /** The keys that lead to the list of servers in a JSON file; none for TOML. */
  readonly keys?: readonly string[];
  readonly entry?: (server: ServerCommand) => Record<string, unknown>;
}

const plain = ({ command, args }: ServerCommand) => ({ command, args: [...args] });

const CLIENTS: Readonly<Record<string, Client>> = {
  'claude-code': { file: '.mcp.json', keys: ['mcpServers'], entry: plain },
  cursor: { file: '.cursor/mcp.json', keys: ['mcpServers'], entry: plain },
  vscode: {
    file: '.vscode/mcp.json',
    keys: ['servers'],
    entry: (server) => ({ type: 'stdio', ...plain(server) }),
  },
  codex: { file: '~/.codex/config.toml' },
  gemini: { file: '.gemini/settings.json', keys: ['mcpServers'], entry: plain },
  zed: {
    file: '.zed/settings.json',
    keys: ['context_servers'],
    entry: (server) => ({ source: 'custom', ...plain(server) }),
  },
  windsurf: { file: '~/.codeium/windsurf/mcp_config.json', keys: ['mcpServers'], entry: plain },
};

export const CLIENT_NAMES = Object.keys(CLIENTS);

const NAME = 'embed-search';

export interface ClientConfig {
  /** Absolute: where it belongs. */
  readonly file: string;
  readonly snippet: string;
}

/** What belongs into a client's settings, and where. `project` is the folder that is opened in it. */
export function clientConfig(client: string, server: ServerCommand, project: string): ClientConfig {
  const { file, keys, entry } = clientOf(client);
  const snippet =
    keys && entry
      ? JSON.stringify(nested(keys, { [NAME]: entry(server) }), null, 2)
      : `[mcp_servers.${NAME}]\ncommand = ${JSON.stringify(server.command)}\nargs = ${JSON.stringify(server.args)}`;
  return { file: absolute(file, project), snippet: `${snippet}\n` };
}

/**
 * Writes it there, beside what the file has already. Errors: USAGE for a file that cannot be added to: one with
 * comments, or that is no JSON.
 */
export function writeClientConfig(client: string, server: ServerCommand, project: string): ClientConfig {
  const config = clientConfig(client, server, project);
  const { keys, entry } = clientOf(client);
  const before = existsSync(config.file) ? readFileSync(config.file, 'utf8') : '';
  const after =
    keys && entry
      ? `${JSON.stringify(withEntry(before, config.file, keys, entry(server)), null, 2)}\n`
      : withTable(before, config);
  mkdirSync(path.dirname(config.file), { recursive: true });
  const temporary = `${config.file}.${process.pid}.tmp`;
  writeFileSync(temporary, after);
  renameSync(temporary, config.file);
  return config;
}

function clientOf(name: string): Client {
  const client = CLIENTS[name];
  if (client !== undefined) return client;
  throw new EmbedSearchError('USAGE', `No client is called "${name}".`, {
    fix: `One of: ${CLIENT_NAMES.join(', ')}.`,
  });
}

function absolute(file: string, project: string): string {
  return file.startsWith('~/') ? path.join(os.homedir(), file.slice(2)) : path.join(project, file);
}

function nested(keys: readonly string[], value: unknown): unknown {
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
}

function withEntry(text: string, file: string, keys: readonly string[], entry: unknown): unknown {
  const root = text.trim() === '' ? {} : parsed(text, file);
  let at = root;
  for (const key of keys) {
    const next = at[key] ?? {};
    if (typeof next !== 'object' || Array.isArray(next)) throw unwritable(file, `"${key}" is no object`);
    at[key] = next;
    at = next as Record<string, unknown>;
  }
  at[NAME] = entry;
  return root;
}

function parsed(text: string, file: string): Record<string, unknown> {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    throw unwritable(file, 'it is no plain JSON; comments would be lost');
  }
  throw unwritable(file, 'it holds no object');
}

function withTable(text: string, { file, snippet }: ClientConfig): string {
  if (text.includes(`[mcp_servers.${NAME}]`)) throw unwritable(file, 'it has such an entry already');
  return text === '' ? snippet : `${text.trimEnd()}\n\n${snippet}`;
}

function unwritable(file: string, why: string): EmbedSearchError {
  return new EmbedSearchError('USAGE', `${file} is left as it is: ${why}.`, {
    fix: 'Leave --write out and put the snippet there by hand.',
  });
}

/** For the file in which an agent finds its rules: when to search, and how to read the answers. */
export const AGENT_INSTRUCTIONS = `## Searching this project

- To find where something is done, or what it is called, ask \`search_code\` (embed-search) in a sentence first. For an
  exact string or a known name use grep.
- A hit names path and lines: read on with \`read_lines\`. \`find_similar\` finds duplicates and other implementations.
- \`degraded\`: found by words alone, not by meaning. Ask again a little later, or with the words that the code would use.
- \`stale\`, \`not-indexed\` or \`warnings\` of missing or damaged vectors: call \`update_index\` once; words can be
  searched within seconds.
- Only \`state: searched\` with no hits means that nothing was found. \`confidence: low\` means that the best hits may not
  fit: check them before you rely on them.
`;
