import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { realpathSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { addFiles, cleanEnvironment, makeFolder, run, SMALL_PROJECT, start } from '../e2e/cli.js';
import { eventually, isAlive } from '../e2e/processes.js';
import { RawServer } from '../mcp/servers.js';
import { randomNumbers, ROUNDS } from './rounds.js';

const CANARY = 'canary-7f3a-that-must-not-be-read';
const TOKEN = 'hostile';
/** 500 in the full proof. */
const INPUTS = Math.round(ROUNDS * 2.5);

/** A root, and beside and inside it ways to what must not be read. */
async function hostileFolder(): Promise<{ root: string; secret: string }> {
  const base = realpathSync(makeFolder({ 'outside/secret.txt': CANARY }));
  const root = path.join(base, 'root');
  const secret = path.join(base, 'outside/secret.txt');
  addFiles(root, { ...SMALL_PROJECT, '.env': CANARY, '.git/config': CANARY, id_rsa: CANARY });
  symlinkSync(secret, path.join(root, 'link.txt'));
  symlinkSync(path.dirname(secret), path.join(root, 'folder'));
  symlinkSync('/', path.join(root, 'everything'));
  symlinkSync('loop', path.join(root, 'loop'));
  symlinkSync('.env', path.join(root, 'harmless.txt'));
  execFileSync('mkfifo', [path.join(root, 'fifo')]);
  expect(await run(['index', root])).toMatchObject({ exitCode: 0 });
  return { root, secret };
}

type Random = () => number;
const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

/** A path that tries to get out, or something that is no path at all. */
function hostilePath(random: Random, secret: string): unknown {
  const up = '../'.repeat(Math.floor(random() * 12));
  return pick<unknown>(random, [
    `${up}outside/secret.txt`,
    `src/${up}outside/secret.txt`,
    secret,
    `everything${secret}`,
    `folder/secret.txt`,
    'link.txt',
    'harmless.txt',
    '.env',
    'ID_RSA',
    'id_rsa',
    '.git/config',
    '.git/../.git/config',
    '.embed-search/index.db',
    'fifo',
    'loop',
    '/dev/zero',
    '/dev/stdin',
    '/proc/self/environ',
    '/proc/self/root/etc/passwd',
    `file://${secret}`,
    `~${secret}`,
    encodeURIComponent(`../outside/secret.txt`),
    '..%2foutside%2fsecret.txt',
    `..\\outside\\secret.txt`,
    `src/sleep.ts\0${secret}`,
    `\u202e${up}`,
    'x/'.repeat(5_000),
    'ä'.repeat(3_000),
    '',
    '.',
    '/',
    '-',
    [secret],
    { path: secret },
    null,
    17,
    true,
  ]);
}

function hostileValue(random: Random, secret: string): unknown {
  return pick<() => unknown>(random, [
    () => hostilePath(random, secret),
    () => 'x'.repeat(Math.floor(random() * 1_200_000)),
    () => String.fromCharCode(...Array.from({ length: 200 }, () => Math.floor(random() * 65_536))),
    () => 'select * from chunks; drop table files; -- " \' ) OR 1=1',
    () => '(a+)+$ [[[ {{{ **/**/**/**/** !(!(!(a|b)|c)|d)',
    () => ({ __proto__: null, constructor: { prototype: { polluted: true } } }),
    () => JSON.parse('{"__proto__": {"polluted": true}}') as unknown,
    () => nested(Math.floor(random() * 2_000)),
    () => Array.from({ length: 5_000 }, (_, index) => index),
    () => pick(random, [Number.MAX_SAFE_INTEGER, -1, 0, 1e308, 0.1, -0]),
    () => null,
  ])();
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level++) value = { inner: value };
  return value;
}

const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  search_code: [
    'query',
    'limit',
    'by',
    'path',
    'globs',
    'languages',
    'minConfidence',
    'context',
    'maxTokens',
  ],
  find_similar: ['path', 'line', 'limit'],
  read_lines: ['path', 'startLine', 'endLine'],
  index_status: ['path'],
  no_such_tool: ['path'],
};

/** One input: a call that is wrong in some of its arguments, a resource that is none, or a line that is no message. */
function hostileMessage(random: Random, secret: string, id: number): string {
  const kind = random();
  if (kind < 0.1) {
    return pick(random, [
      '{',
      `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":`,
      '{"a":'.repeat(10_000),
      '\u0000'.repeat(100),
      'GET / HTTP/1.1',
      '[]',
      `{"jsonrpc":"1.0","id":${id},"method":"ping"}`,
      `{"jsonrpc":"2.0","id":${id}}`,
      `{"jsonrpc":"2.0","id":{},"method":"ping"}`,
      `{"jsonrpc":"2.0","id":${id},"result":{}}`,
      'x'.repeat(5_000_000),
    ]);
  }
  if (kind < 0.25) {
    const uri = pick(random, [
      `embed-search://lines/0/${encodeURIComponent(String(hostilePath(random, secret)))}`,
      `embed-search://lines/0/${String(hostilePath(random, secret)).slice(0, 500)}?start=1&end=2`,
      `embed-search://lines/999/src/sleep.ts`,
      `embed-search://lines/-1/src/sleep.ts`,
      `file://${secret}`,
      'embed-search://status/../..',
    ]);
    return JSON.stringify({ jsonrpc: '2.0', id, method: 'resources/read', params: { uri } });
  }
  const name = pick(random, Object.keys(ARGUMENTS));
  const args: Record<string, unknown> = name === 'search_code' ? { query: CANARY } : {};
  if (name === 'find_similar' || name === 'read_lines') args['path'] = hostilePath(random, secret);
  if (name === 'find_similar') args['line'] = 1;
  for (const argument of ARGUMENTS[name]!) {
    if (random() < 0.2)
      args[argument] = argument === 'path' ? hostilePath(random, secret) : hostileValue(random, secret);
  }
  if (random() < 0.1) args[String.fromCharCode(Math.floor(random() * 65_536))] = hostileValue(random, secret);
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
}

describe.skipIf(process.platform === 'win32')('hostile inputs', () => {
  test(`${INPUTS} over stdio: no crash, nothing read outside the root, and the server is as it was`, async () => {
    const { root, secret } = await hostileFolder();
    const server = new RawServer(['--path', root]).read();
    await server.initialize();
    const random = randomNumbers(3);
    for (let input = 0; input < INPUTS; input++) {
      server.write(hostileMessage(random, secret, 1_000_000 + input));
      // Not more at once than any client would.
      if (input % 20 === 19) await server.call('index_status');
    }
    const { result } = await server.call('search_code', { query: 'retryUpload' });
    expect(result.structuredContent.hits[0]).toMatchObject({ path: 'src/upload.ts' });
    expect(server.process.exitCode).toBeNull();
    const statusNow = async () => (await server.call('index_status')).result.structuredContent;
    await eventually(async () => (await statusNow()).calls.running === 1);
    const status = await statusNow();
    expect(status.calls).toEqual({ running: 1, waiting: 0 });
    expect(status.memory.hostPeakBytes).toBeLessThan(130 * 1024 * 1024);
    for (const message of server.messages) {
      // A query comes back in its own answer; nothing else may hold what stands outside.
      const answer = JSON.stringify(message)
        .replaceAll(`for \\\\\\"${CANARY}\\\\\\"`, '')
        .replaceAll(`for \\"${CANARY}\\"`, '');
      expect(answer).not.toContain(CANARY);
      expect(answer).not.toContain('root:x:0:0');
    }
    expect(server.stderr).toBe('');
  });

  test(`${INPUTS} over HTTP, by headers that name another host, origin or owner: none is served`, async () => {
    const { root } = await hostileFolder();
    const server = start(['serve-mcp', '--path', root, '--http', '0'], {
      env: { ...cleanEnvironment(), EMBED_SEARCH_TOKEN: TOKEN },
    });
    let stderr = '';
    server.stderr!.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    await eventually(() => stderr.includes('http:'));
    const url = new URL(/http:\S+/.exec(stderr)![0]);
    const random = randomNumbers(4);
    const names = [
      'attacker.example',
      '127.0.0.1.nip.io',
      'localhost.attacker.example',
      '0.0.0.0',
      '[::]',
      '169.254.169.254',
      'metadata',
      '127.0.0.1@attacker.example',
      'attacker.example#127.0.0.1',
      '',
      'LOCALHOST.',
      '2130706433',
      '0x7f000001',
      '127.1.attacker.example',
      '[::1].attacker.example',
    ];
    for (let input = 0; input < INPUTS; input++) {
      const wrong = Math.floor(random() * 3);
      const name = pick(random, names);
      const headers: Record<string, string> = {
        'Content-Type': 'application/json',
        Accept: 'application/json, text/event-stream',
        Host: wrong === 0 ? `${name}${pick(random, ['', ':80', `:${url.port}`])}` : `127.0.0.1:${url.port}`,
        ...(wrong === 1
          ? { Origin: `${pick(random, ['http', 'https', 'file', 'chrome-extension'])}://${name}` }
          : {}),
        Authorization:
          wrong === 2
            ? pick(random, [
                '',
                'Bearer',
                'Bearer ',
                `Bearer ${TOKEN.slice(0, -1)}`,
                `Bearer ${TOKEN} `.repeat(2),
                `Basic ${TOKEN}`,
                TOKEN,
              ])
            : `Bearer ${TOKEN}`,
      };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
      const status = await statusOf(url, headers, body);
      expect(status, JSON.stringify(headers)).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
    expect(isAlive(server.pid!)).toBe(true);
    server.kill('SIGTERM');
    await server;
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});

function statusOf(url: URL, headers: Record<string, string>, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: url.hostname, port: url.port, path: url.pathname, method: 'POST', headers, setHost: false },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode!));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
