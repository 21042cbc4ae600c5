import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cleanEnvironment, cliFile, projectRoot, SMALL_PROJECT, start } from '../e2e/cli.js';
import { childrenOf, eventually, isAlive } from '../e2e/processes.js';
import { loosely, RawServer, sharedFolder } from '../mcp/servers.js';
import { ROUNDS } from './rounds.js';

const folder = sharedFolder(SMALL_PROJECT);
const TOKEN = 'crash';
/** A minute in the full proof. */
const SECONDS = Math.max(5, Math.round((ROUNDS * 60) / 200));

describe.skipIf(process.platform !== 'linux')('kill -9', () => {
  test(`of the embedder every second for ${SECONDS} s under 4 clients: no call fails, and the server stays`, async () => {
    const env = { ...cleanEnvironment(), EMBED_SEARCH_TOKEN: TOKEN };
    const server = start(['serve-mcp', '--path', await folder(), '--http', '0'], { env });
    let stderr = '';
    server.stderr!.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
    await eventually(() => stderr.includes('http:'));
    const url = new URL(/http:\S+/.exec(stderr)![0]);
    const end = Date.now() + SECONDS * 1_000;
    const counts = { calls: 0, degraded: 0, kills: 0 };
    const ask = async (number: number) => {
      const client = new Client({ name: `client ${number}`, version: '1' });
      const requestInit = { headers: { Authorization: `Bearer ${TOKEN}` } };
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
      await client.listTools();
      while (Date.now() < end) {
        const query = `upload sleep settings ${number} ${counts.calls}`;
        const call = client.callTool({ name: 'search_code', arguments: { query } });
        const answer = loosely(
          await call.catch((error: Error) => {
            throw new Error(`${error.message}: ${String(error.cause)}; ${stderr}`);
          }),
        );
        expect(answer).toMatchObject({ isError: false, structured: { state: 'searched' } });
        expect(answer.structured.hits.length).toBeGreaterThan(0);
        counts.calls++;
        if (answer.structured.degraded !== undefined) counts.degraded++;
      }
      await client.close();
    };
    const kill = async () => {
      while (Date.now() < end) {
        await delay(1_000);
        for (const embedder of childrenOf(server.pid!)) {
          process.kill(embedder, 'SIGKILL');
          counts.kills++;
        }
      }
    };
    await Promise.all([ask(1), ask(2), ask(3), ask(4), kill()]);
    console.log(`${counts.calls} calls, ${counts.degraded} by words alone, ${counts.kills} kills`);
    expect(counts.kills).toBeGreaterThanOrEqual(4);
    expect(isAlive(server.pid!)).toBe(true);
    server.kill('SIGTERM');
    expect((await server).exitCode).toBe(143);
  });

  const rounds = Math.max(3, Math.round(ROUNDS / 10));

  test(`${rounds} x of the client: neither server nor embedder is alive after 2 s`, async () => {
    const program = path.join(projectRoot, 'test/fixtures/children/mcp-client.js');
    const command = [process.execPath, cliFile, 'serve-mcp', '--path', await folder()];
    for (let round = 0; round < rounds; round++) {
      const client: ChildProcess = spawn(process.execPath, [program, ...command], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      onTestFinished(() => void client.kill('SIGKILL'));
      const [said] = (await once(client.stdout!, 'data')) as [Buffer];
      const server = Number(said.toString());
      await eventually(() => childrenOf(server).length > 0);
      const family = [server, ...childrenOf(server)];
      await delay(round * 20);
      client.kill('SIGKILL');
      await once(client, 'exit');
      await eventually(() => !family.some(isAlive), 2);
    }
  });

  test(`${rounds} x of the server, also while it indexes: no process of it is alive after 2 s`, async () => {
    for (let round = 0; round < rounds; round++) {
      const server = new RawServer(['--path', await folder()]).read();
      await server.initialize();
      await server.call('search_code', { query: 'warm up' });
      if (round % 2 === 0) server.send('tools/call', { name: 'update_index', arguments: {} });
      await delay(round * 10);
      server.process.kill('SIGSTOP'); // it starts nothing between the look and the kill
      const family = childrenOf(server.process.pid!).flatMap((child) => [child, ...childrenOf(child)]);
      server.process.kill('SIGKILL');
      await eventually(() => !family.some(isAlive), 2);
    }
  });
});
