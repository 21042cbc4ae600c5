import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '#dist/lib/mcp/limits.js';
import { LineReader } from '#dist/lib/mcp/line-reader.js';
import { Turnstile } from '#dist/lib/mcp/turnstile.js';
import { SMALL_PROJECT } from '../e2e/cli.js';
import { childrenOf, eventually, isAlive } from '../e2e/processes.js';
import { verifies } from '../house/promises.js';
import { RawServer, sharedFolder } from './servers.js';

const folder = sharedFolder(SMALL_PROJECT);

describe('over stdio', () => {
  test('what is no message gets an answer, and the next one is served', async () => {
    verifies('mcp-never-blocked');
    verifies('mcp-only-protocol');
    const server = new RawServer(['--path', await folder(), '--lazy']).read();
    await server.initialize();
    const errorFor = async (line: string, id: unknown) => {
      const already = server.messages.length;
      server.write(line);
      const answer = await server.message(
        (message) => message.error !== undefined && message.id === id,
        already,
      );
      return answer.error.code as number;
    };
    expect(await errorFor('{"jsonrpc": "2.0", "id": 90, "method"', null)).toBe(-32700);
    expect(await errorFor('not json at all', null)).toBe(-32700);
    expect(await errorFor('\u0000\u0001', null)).toBe(-32700);
    expect(await errorFor('{"id": 91, "method": "tools/list"}', 91)).toBe(-32600);
    expect(await errorFor('{"jsonrpc": "2.0", "id": 92, "method": 7}', 92)).toBe(-32600);
    expect(await errorFor('[{"jsonrpc": "2.0", "id": 93, "method": "ping"}]', null)).toBe(-32600);
    expect(await errorFor('"a string"', null)).toBe(-32600);
    expect(await errorFor('{"jsonrpc": "2.0", "id": 94, "method": "no/such/method"}', 94)).toBe(-32601);
    expect(await errorFor('{"jsonrpc": "2.0", "id": 95, "method": "tools/call", "params": {}}', 95)).toBe(
      -32602,
    );
    expect(
      await errorFor('{"jsonrpc": "2.0", "id": 96, "method": "tools/call", "params": {"name": "rm"}}', 96),
    ).toBe(-32602);
    expect(
      await errorFor(`{"jsonrpc": "2.0", "id": 97, "method": "${'x'.repeat(LIMITS.messageBytes)}"}`, null),
    ).toBe(-32600);
    expect(await errorFor('['.repeat(100_000), null)).toBe(-32700);
    server.write('');
    server.notify('notifications/no-such');
    expect(
      (await server.call('search_code', { query: 'retryUpload' })).result.structuredContent.hits,
    ).not.toEqual([]);
    for (const message of server.messages) expect(message).toMatchObject({ jsonrpc: '2.0' });
    expect(server.stderr).toBe('');
  });

  test('arguments of a wrong type, size or name are an error that says which', async () => {
    const server = new RawServer(['--path', await folder(), '--lazy']).read();
    await server.initialize();
    const wrong: [string, unknown, RegExp][] = [
      ['search_code', {}, /query/],
      ['search_code', { query: 7 }, /query/],
      ['search_code', { query: '' }, /query/],
      ['search_code', { query: ' ' }, /QUERY_EMPTY/],
      ['search_code', { query: 'x'.repeat(1024 * 1024) }, /query/],
      ['search_code', { query: 'x', limit: 0 }, /limit/],
      ['search_code', { query: 'x', limit: 1e9 }, /limit/],
      ['search_code', { query: 'x', limit: 1.5 }, /limit/],
      ['search_code', { query: 'x', globs: '*.ts' }, /globs/],
      ['search_code', { query: 'x', globs: Array.from({ length: 1_000 }, () => '*') }, /globs/],
      ['search_code', { query: 'x', by: 'line' }, /by/],
      ['search_code', { query: 'x', nonsense: true }, /nonsense/],
      ['search_code', { query: 'x', path: 'a\0b' }, /NUL/],
      ['find_similar', { path: 'src/sleep.ts' }, /line/],
      ['find_similar', { path: 'not-there.ts', line: 1 }, /not in the index/],
      ['find_similar', { path: 'src/sleep.ts', line: 9999 }, /9999/],
      ['read_lines', { path: 'src/sleep.ts', startLine: 3, endLine: 2 }, /before/],
      ['read_lines', { path: 'src/sleep.ts', startLine: 1e6 }, /lines/],
      ['read_lines', { path: 'x'.repeat(10_000) }, /path/],
      ['read_lines', { path: 'ä'.repeat(3_000) }, /no file/],
      ['search_code', { query: 'x', path: 'ä'.repeat(3_000), by: 'chunks' }, /by/],
      ['update_index', { path: '/etc' }, /outside/],
      ['index_status', { verbose: true }, /verbose/],
    ];
    for (const [tool, args, why] of wrong) {
      const { result } = await server.call(tool, args);
      expect(result, `${tool} ${JSON.stringify(args).slice(0, 100)}`).toMatchObject({ isError: true });
      expect(result.content[0].text).toMatch(why);
    }
    expect(server.stderr).toBe('');
  });

  test('1,000 calls at once are all answered', async () => {
    const server = new RawServer(['--path', await folder()]).read();
    await server.initialize();
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, number) =>
        number % 5 === 0
          ? server.call('search_code', { query: `sleep ${number}`, limit: 3 })
          : server.call('read_lines', { path: 'src/sleep.ts' }),
      ),
    );
    for (const { result } of answers) expect(result).toMatchObject({ structuredContent: expect.anything() });
    const status = (await server.call('index_status')).result.structuredContent;
    expect(status.calls.waiting).toBe(0);
    expect(status.memory.hostPeakBytes).toBeLessThan(100 * 1024 * 1024);
  });

  test('a client that never reads costs no more than a bound, and gets every answer when it reads', async () => {
    const server = new RawServer(['--path', await folder(), '--lazy']);
    const asked = LIMITS.waitingCalls + 1_000;
    const ids: number[] = [];
    for (let call = 0; call < asked; call++)
      ids.push(server.send('tools/call', { name: 'read_lines', arguments: { path: 'src/upload.ts' } }));
    await delay(1_500);
    expect(residentBytes(server.process.pid!)).toBeLessThan(100 * 1024 * 1024);
    server.read();
    const answers = await Promise.all(ids.map((id) => server.answerTo(id)));
    const refused = answers.filter(({ result }) => result.isError);
    for (const { result } of refused) expect(result.content[0].text).toContain('are waiting already');
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(LIMITS.waitingCalls);
  });

  test('a client that never reads cannot hold the server after its end', async () => {
    const server = new RawServer(['--path', await folder(), '--lazy']);
    for (let call = 0; call < 2_000; call++)
      server.send('tools/call', { name: 'read_lines', arguments: { path: 'src/upload.ts' } });
    await delay(500);
    server.process.stdin.end();
    expect((await server.ended()).milliseconds).toBeLessThan(10_000);
  });

  test('a call that is cancelled is not answered, and its place is free again', async () => {
    const server = new RawServer(['--path', await folder(), '--lazy']).read();
    await server.initialize();
    const ids = Array.from({ length: 50 }, () =>
      server.send('tools/call', { name: 'search_code', arguments: { query: 'sleep' } }),
    );
    for (const requestId of ids.slice(10)) server.notify('notifications/cancelled', { requestId });
    await Promise.all(ids.slice(0, 8).map((id) => server.answerTo(id)));
    const calls = async () => (await server.call('index_status')).result.structuredContent.calls;
    await eventually(async () => (await calls()).running === 1);
    expect(await calls()).toEqual({ running: 1, waiting: 0 });
    const answered = new Set(server.messages.map(({ id }) => id));
    expect(ids.slice(10).filter((id) => answered.has(id)).length).toBeLessThan(ids.length - 10);
  });
});

describe.skipIf(process.platform !== 'linux')('server and embedder', () => {
  const ways: readonly [string, (server: RawServer) => void, number | null][] = [
    ['when stdin is closed', (server) => server.process.stdin.end(), 0],
    [
      'when the client is gone with both pipes',
      (server) => {
        server.process.stdin.destroy();
        server.process.stdout.destroy();
      },
      0,
    ],
    ['on SIGTERM', (server) => server.process.kill('SIGTERM'), 143],
    ['on SIGINT', (server) => server.process.kill('SIGINT'), 130],
    ['on kill -9 of the server', (server) => server.process.kill('SIGKILL'), null],
  ];
  test.each(ways)('end within 2 s %s, also in the middle of calls', async (_, end, code) => {
    verifies('mcp-ends-with-client');
    const server = new RawServer(['--path', await folder()]).read();
    await server.initialize();
    await server.call('search_code', { query: 'warm up' });
    const [embedder] = childrenOf(server.process.pid!);
    expect(isAlive(embedder!)).toBe(true);
    for (let call = 0; call < 100; call++)
      server.send('tools/call', { name: 'search_code', arguments: { query: `sleep ${call}` } });
    end(server);
    const ended = await server.ended();
    expect(ended.code).toBe(code);
    await eventually(() => !isAlive(embedder!), 2);
    expect(ended.milliseconds).toBeLessThan(2_500);
  });
});

test('lines are cut where they end, whatever pieces they come in, and what is too long is not kept', () => {
  const text = 'one\ntwo\r\n\nthree four five six\nseven ä\n';
  const expected = ['one', 'two\r', '', null, 'seven ä'];
  for (let size = 1; size < 20; size++) {
    const reader = new LineReader(10);
    const bytes = Buffer.from(text);
    const lines: (string | null)[] = [];
    for (let at = 0; at < bytes.length; at += size) lines.push(...reader.take(bytes.subarray(at, at + size)));
    expect(lines).toEqual(expected);
  }
});

test('a turnstile lets so many through, in order, and forgets who has given up', async () => {
  const turnstile = new Turnstile(2, 3);
  const open: (() => void)[] = [];
  const entered: number[] = [];
  const pass = (number: number, signal = new AbortController().signal) =>
    turnstile.pass(signal, () => {
      entered.push(number);
      return new Promise<void>((resolve) => open.push(resolve));
    });
  const first = [pass(1), pass(2)];
  const impatient = new AbortController();
  const third = pass(3, impatient.signal);
  const rest = [pass(4), pass(5)];
  await expect(pass(6)).rejects.toMatchObject({ code: 'MACHINE' });
  impatient.abort(new Error('gave up'));
  await expect(third).rejects.toThrow('gave up');
  expect(entered).toEqual([1, 2]);
  for (let at = 0; at < 4; at++) {
    open[at]!();
    await delay(1);
  }
  await Promise.all([...first, ...rest]);
  expect(entered).toEqual([1, 2, 4, 5]);
  expect(turnstile).toMatchObject({ running: 0, waiting: 0 });
});

function residentBytes(pid: number): number {
  if (process.platform !== 'linux') return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}
