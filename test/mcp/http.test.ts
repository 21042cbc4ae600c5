import { request as httpRequest } from 'node:http';
import { networkInterfaces } from 'node:os';
import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HTTP_GUARDS, type HttpGuard } from '#dist/lib/mcp/http-guards.js';
import { LIMITS } from '#dist/lib/mcp/limits.js';
import { serveHttp } from '#dist/lib/mcp/serve-http.js';
import { Workspace } from '#dist/lib/mcp/workspace.js';
import { cleanEnvironment, run, SMALL_PROJECT, start } from '../e2e/cli.js';
import { eventually } from '../e2e/processes.js';
import { verifies } from '../house/promises.js';
import { LEGACY, loosely, MODERN, sharedFolder } from './servers.js';

const folder = sharedFolder(SMALL_PROJECT);
const TOKEN = 'a-token-of-the-test';

async function serve(guards: readonly HttpGuard[] = HTTP_GUARDS) {
  const workspace = new Workspace({
    version: '1',
    folders: [await folder()],
    fallback: '.',
    autoIndex: false,
    lazy: true,
    embedderWait: 1_500,
  });
  const bugs: unknown[] = [];
  const onBug = (error: unknown) => bugs.push(error);
  const server = await serveHttp(workspace, { port: 0, token: TOKEN, onBug, guards });
  onTestFinished(async () => {
    await server.close();
    await workspace.close();
    expect(bugs).toEqual([]);
  });
  return new URL(server.url);
}

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
});

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

/** A request in which everything can be wrong, also what fetch would not send. Gives back the status and the body. */
function send(
  url: URL,
  { method = 'POST', path = url.pathname, headers = {}, body = INITIALIZE }: Sent = {},
) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest(
      {
        host: url.hostname,
        port: url.port,
        path,
        method,
        headers: { ...PROPER, ...headers },
        setHost: headers['Host'] === undefined,
      },
      (response) => {
        let text = '';
        response.on('data', (bytes: Buffer) => (text += bytes.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, text }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

const PROPER = {
  'Content-Type': 'application/json',
  Accept: 'application/json, text/event-stream',
  Authorization: `Bearer ${TOKEN}`,
};

async function connect(url: URL, options: ClientOptions) {
  const client = new Client({ name: 'test', version: '1' }, options);
  await client.connect(
    new StreamableHTTPClientTransport(url, {
      requestInit: { headers: { Authorization: `Bearer ${TOKEN}` } },
    }),
  );
  onTestFinished(() => client.close());
  return client;
}

describe('over HTTP', () => {
  test.each([
    ['of the revision of 2026-07-28', MODERN],
    ['of earlier revisions', LEGACY],
  ])('clients %s are served, many at once, from one index', async (_, options) => {
    const url = await serve();
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect(url, options)));
    expect((await clients[0]!.listTools()).tools).toHaveLength(5);
    const answers = await Promise.all(
      clients.flatMap((client, number) =>
        Array.from({ length: 5 }, () =>
          client.callTool({
            name: 'search_code',
            arguments: { query: number % 2 ? 'retryUpload' : 'sleep', limit: 1 },
          }),
        ),
      ),
    );
    for (const answer of answers) expect(loosely(answer).structured.hits).toHaveLength(1);
    const { uri } = loosely(answers[0]).structured.hits[0];
    expect((await clients[0]!.readResource({ uri })).contents).toHaveLength(1);
  });
});

/** What each guard keeps out, and what the answer is where it does not stand. */
const ATTACKS: readonly { guard: string; what: string; sent: Sent; refused: number; served: number }[] = [
  {
    guard: 'host',
    what: 'a page whose name was made to lead here (DNS rebinding)',
    sent: { headers: { Host: 'attacker.example:7345' } },
    refused: 403,
    served: 200,
  },
  {
    guard: 'host',
    what: 'a name that only begins like ours',
    sent: { headers: { Host: '127.0.0.1.attacker.example' } },
    refused: 403,
    served: 200,
  },
  {
    guard: 'origin',
    what: 'a page of another origin',
    sent: { headers: { Origin: 'https://attacker.example' } },
    refused: 403,
    served: 200,
  },
  {
    guard: 'origin',
    what: 'a page without an origin of its own',
    sent: { headers: { Origin: 'null' } },
    refused: 403,
    served: 200,
  },
  {
    guard: 'token',
    what: 'who has no token',
    sent: { headers: { Authorization: '' } },
    refused: 401,
    served: 200,
  },
  {
    guard: 'token',
    what: 'who has another token',
    sent: { headers: { Authorization: `Bearer ${TOKEN}x` } },
    refused: 401,
    served: 200,
  },
  {
    guard: 'token',
    what: 'the token in another scheme',
    sent: { headers: { Authorization: `Basic ${TOKEN}` } },
    refused: 401,
    served: 200,
  },
  { guard: 'endpoint', what: 'another path', sent: { path: '/other' }, refused: 404, served: 200 },
];

describe('the HTTP server', () => {
  test.each(ATTACKS)(
    '$guard refuses $what, and without it the attack succeeds',
    async ({ guard, sent, refused, served }) => {
      verifies('mcp-http-guarded');
      const guarded = await serve();
      expect((await send(guarded, sent)).status).toBe(refused);
      const open = await serve(HTTP_GUARDS.filter(({ name }) => name !== guard));
      expect((await send(open, sent)).status).toBe(served);
    },
  );

  test('is tried by every guard there is', () => {
    expect(new Set(ATTACKS.map(({ guard }) => guard))).toEqual(new Set(HTTP_GUARDS.map(({ name }) => name)));
  });

  test('serves who does everything right, by each of its names', async () => {
    const url = await serve();
    expect((await send(url)).status).toBe(200);
    for (const host of [`localhost:${url.port}`, `127.0.0.1:${url.port}`, '[::1]', 'LOCALHOST'])
      expect((await send(url, { headers: { Host: host } })).status, host).toBe(200);
    for (const host of [
      'attacker.example@127.0.0.1',
      '127.0.0.1, attacker.example',
      '127.0.0.1 attacker.example',
    ])
      expect((await send(url, { headers: { Host: host } })).status, host).toBe(403);
    const own = { Origin: `http://localhost:${url.port}` };
    expect((await send(url, { headers: own })).status).toBe(200);
  });

  test('cannot be reached but from this machine', async () => {
    const url = await serve();
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal);
    if (outside === undefined) return;
    const elsewhere = new URL(url.href.replace('127.0.0.1', outside.address));
    await expect(send(elsewhere, { headers: { Host: '127.0.0.1' } })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
  });

  test('answers nonsense with an error and goes on', async () => {
    verifies('mcp-never-blocked');
    const url = await serve();
    const call = (params: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const nonsense: Sent[] = [
      { body: '' },
      { body: '{' },
      { body: '[]' },
      { body: 'null' },
      { body: '{"jsonrpc":"2.0","id":1,"method":"no/such/method"}' },
      { body: call({ name: 'no_such_tool', arguments: {} }) },
      { body: call({ name: 42 }) },
      { body: INITIALIZE, headers: { 'Content-Type': 'text/plain' } },
      { body: INITIALIZE, headers: { Accept: 'image/png' } },
      { body: call({ name: 'index_status' }), headers: { 'MCP-Protocol-Version': '1999-01-01' } },
      { method: 'GET', body: '' },
      { method: 'DELETE', body: '' },
      { method: 'PUT' },
      { body: JSON.stringify('x'.repeat(LIMITS.messageBytes)) },
    ];
    for (const sent of nonsense) {
      const { status, text } = await send(url, sent);
      expect(
        status >= 400 || text.includes('"error"'),
        `${JSON.stringify(sent).slice(0, 80)}: ${status} ${text.slice(0, 200)}`,
      ).toBe(true);
      expect(status).toBeLessThan(500);
    }
    const large = call({ name: 'search_code', arguments: { query: 'x'.repeat(1024 * 1024) } });
    expect((await send(url, { body: large })).text).toContain('do not fit');
    expect((await send(url)).status).toBe(200);
  });
});

test('serve-mcp --http says where it is and a token, once; takes the token of the environment; ends on SIGTERM', async () => {
  const args = ['serve-mcp', '--path', await folder(), '--http', '0'];
  const running = start(args);
  let stderr = '';
  running.stderr!.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  await eventually(() => /Bearer \S+\n/.test(stderr));
  const url = new URL(/http:\S+/.exec(stderr)![0]);
  const [, token] = /Bearer (\S+)/.exec(stderr)!;
  expect((await send(url, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(200);
  expect((await send(url)).status).toBe(401);
  const port = await run(['serve-mcp', '--path', await folder(), '--http', url.port]);
  expect(port).toMatchObject({ exitCode: 8, stderr: expect.stringContaining('Cannot listen') });
  running.kill('SIGTERM');
  expect(await running).toMatchObject({ exitCode: 143, stdout: '' });

  const other = start(args, { env: { ...cleanEnvironment(), EMBED_SEARCH_TOKEN: TOKEN } });
  let said = '';
  other.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
  await eventually(() => said.includes('http:'));
  expect((await send(new URL(/http:\S+/.exec(said)![0]))).status).toBe(200);
  expect(said).not.toContain(TOKEN);
  other.kill('SIGTERM');
  await other;
});
