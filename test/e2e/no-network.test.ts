import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { cleanEnvironment, makeFolder, projectRoot, run, SMALL_PROJECT } from './cli.js';

const preload = path.join(projectRoot, 'test/fixtures/no-network.mjs');

test('no command opens a network socket, in neither process', async () => {
  const folder = makeFolder(SMALL_PROJECT);
  const log = path.join(makeFolder(), 'log');
  const env = { ...cleanEnvironment(), NODE_OPTIONS: `--import ${preload}`, NO_NETWORK_LOG: log };
  const commands = [
    ['index', folder],
    ['query', 'retry upload', '--path', folder],
    ['status', '--path', folder],
    ['--help'],
  ];
  for (const args of commands) {
    expect(await run(args, { env })).toMatchObject({ exitCode: 0, stderr: '' });
  }
  expect(existsSync(log)).toBe(true);
  const lines = readFileSync(log, 'utf8').trim().split('\n');
  expect(lines.filter((line) => line.startsWith('network'))).toEqual([]);
  // Hosts of all four, and an embedder each for index and query.
  expect(lines.filter((line) => line.startsWith('loaded'))).toHaveLength(commands.length + 2);
});
