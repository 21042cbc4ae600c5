import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { cleanEnvironment, makeFolder, projectRoot, run, SMALL_PROJECT, start } from './cli.js';
import { childrenOf, eventually } from './processes.js';
import { paragraphs } from './prose.js';

const preload = path.join(projectRoot, 'test/fixtures/no-network.mjs');

test('no command opens a network socket', async () => {
  verifies('no-network');
  const folder = makeFolder(SMALL_PROJECT);
  const log = path.join(makeFolder(), 'log');
  const env = { ...cleanEnvironment(), NODE_OPTIONS: `--import ${preload}`, NO_NETWORK_LOG: log };
  const commands = [
    ['index', folder],
    ['query', 'retry upload', '--path', folder],
    ['status', '--path', folder],
    ['serve-mcp', '--path', folder],
    ['--help'],
  ];
  for (const args of commands) {
    expect(await run(args, { env, input: '' })).toMatchObject({ exitCode: 0, stderr: '' });
  }
  expect(readFileSync(log, 'utf8').trim().split('\n')).toEqual(commands.map(() => 'loaded'));
});

test.skipIf(process.platform !== 'linux')(
  'host and embedder hold no internet socket while they work',
  async () => {
    const folder = makeFolder({ 'notes.txt': paragraphs(200) });
    const running = start(['index', folder, '--lanes', '1']);
    await eventually(() => childrenOf(running.pid!).length > 0);
    const [embedder] = childrenOf(running.pid!);
    await eventually(() => socketsOf(embedder!).length > 0);
    const internet = internetSockets();
    expect(
      [...socketsOf(running.pid!), ...socketsOf(embedder!)].filter((inode) => internet.has(inode)),
    ).toEqual([]);
    running.kill('SIGINT');
    await running;
  },
);

/** Inodes of the sockets that a process holds. */
function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(path.join(folder, fd)))?.[1] ?? [];
    } catch {
      return []; // closed meanwhile
    }
  });
}

function internetSockets(): Set<string> {
  const inodes = new Set<string>();
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6']) {
    for (const line of readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n').slice(1)) {
      inodes.add(line.trim().split(/\s+/)[9]!);
    }
  }
  return inodes;
}
