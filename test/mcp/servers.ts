import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client, type ClientOptions } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, expect, onTestFinished } from 'vitest';
import { addFiles, cleanEnvironment, cliFile, run } from '../e2e/cli.js';

export const LEGACY: ClientOptions = {};
export const MODERN: ClientOptions = { versionNegotiation: { mode: { pin: '2026-07-28' } } };

// oxlint-disable-next-line typescript/no-explicit-any -- each test names the fields that it expects
type Loose = any;

/** What a tool gave, as loosely as a test reads it. */
export interface ToolResult {
  readonly text: string;
  readonly structured: Loose;
  readonly isError: boolean;
  readonly content: readonly Loose[];
}

export interface OfficialClient {
  readonly client: Client;
  readonly pid: number;
  /** What the server has written to stderr so far. */
  readonly stderr: () => string;
  readonly call: (name: string, args?: Record<string, unknown>, options?: Loose) => Promise<ToolResult>;
}

/** The SDK's own client, over the pipes of a server that it starts. */
export async function connect(
  args: readonly string[],
  options: {
    client?: ClientOptions;
    /** What the client does when the server asks for its roots. */
    roots?: () => { roots: { uri: string }[] };
    env?: Record<string, string>;
    cwd?: string;
  } = {},
): Promise<OfficialClient> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [cliFile, 'serve-mcp', ...args],
    env: options.env ?? cleanEnvironment(),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr!.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const client = new Client({ name: 'test', version: '1' }, options.client);
  if (options.roots) client.setRequestHandler('roots/list', options.roots);
  await client.connect(transport);
  onTestFinished(() => client.close());
  return {
    client,
    pid: transport.pid!,
    stderr: () => stderr,
    call: async (name, toolArgs = {}, callOptions = {}) =>
      loosely(await client.callTool({ name, arguments: toolArgs }, callOptions)),
  };
}

export function loosely(result: Loose): ToolResult {
  return {
    text: result.content[0].text,
    structured: result.structuredContent,
    isError: result.isError ?? false,
    content: result.content,
  };
}

/** A server that is spoken to in lines, as no proper client would. */
export class RawServer {
  readonly process: ChildProcessWithoutNullStreams;
  /** Every line of stdout, in order; each must be a document. */
  readonly messages: Loose[] = [];
  stderr = '';
  #nextId = 1;
  readonly #answers = new Map<number, (message: Loose) => void>();
  readonly #waiting = new Set<() => void>();

  constructor(args: readonly string[], env: Record<string, string> = cleanEnvironment()) {
    this.process = spawn(process.execPath, [cliFile, 'serve-mcp', ...args], { env });
    onTestFinished(() => {
      this.process.kill('SIGKILL');
    });
    this.process.stdin.on('error', () => {});
    this.process.stderr.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()));
  }

  read(): this {
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      const message = JSON.parse(line);
      this.messages.push(message);
      if (message.method === undefined) this.#answers.get(message.id)?.(message);
      for (const look of this.#waiting) look();
    });
    return this;
  }

  async initialize(capabilities: Loose = {}): Promise<Loose> {
    const answer = await this.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities,
      clientInfo: { name: 'raw', version: '1' },
    });
    this.notify('notifications/initialized');
    return answer;
  }

  write(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }

  notify(method: string, params: Loose = {}): void {
    this.write(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  /** Sends a request and gives back its id. */
  send(method: string, params: Loose = {}): number {
    const id = this.#nextId++;
    this.write(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return id;
  }

  request(method: string, params: Loose = {}): Promise<Loose> {
    return this.answerTo(this.send(method, params));
  }

  call(name: string, args: Loose = {}): Promise<Loose> {
    return this.request('tools/call', { name, arguments: args });
  }

  /** Also of one that has come already. */
  answerTo(id: number): Promise<Loose> {
    const here = this.messages.find((message) => message.id === id && message.method === undefined);
    if (here) return Promise.resolve(here);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${id}; stderr: ${this.stderr}`)), 30_000);
      this.#answers.set(id, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
    });
  }

  /** The first message that fits, also one that has come already; the first `already` are passed over. */
  message(fits: (message: Loose) => boolean, already = 0): Promise<Loose> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(
          new Error(`no such message; stderr: ${this.stderr}\n${JSON.stringify(this.messages.slice(-3))}`),
        );
      }, 20_000);
      let seen = already;
      const look = () => {
        for (; seen < this.messages.length; seen++) {
          const message = this.messages[seen];
          if (!fits(message)) continue;
          clearTimeout(timer);
          this.#waiting.delete(look);
          resolve(message);
          return;
        }
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Milliseconds until it has ended. */
  async ended(): Promise<{ code: number | null; milliseconds: number }> {
    const started = performance.now();
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return { code: this.process.exitCode, milliseconds: performance.now() - started };
  }
}

/** An indexed folder that all tests of a file read and none changes. */
export function sharedFolder(files: Record<string, string | Buffer>): () => Promise<string> {
  let made: Promise<string> | undefined;
  afterAll(async () => {
    if (made) rmSync(await made, { recursive: true, force: true });
  });
  return () => {
    made ??= indexed(mkdtempSync(path.join(os.tmpdir(), 'embed-search-mcp-')), files);
    return made;
  };
}

async function indexed(folder: string, files: Record<string, string | Buffer>): Promise<string> {
  addFiles(folder, files);
  expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
  return folder;
}
