import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLIENT_NAMES } from '#dist/lib/mcp/client-config.js';
import { addFiles, cleanEnvironment, makeFolder, run, runJson } from '../e2e/cli.js';

describe('serve-mcp --print-config', () => {
  test.each(CLIENT_NAMES)(
    '%s gets what starts the server, and where it belongs; nothing is written',
    async (client) => {
      const folder = makeFolder();
      const home = makeFolder();
      const options = { cwd: folder, env: { ...cleanEnvironment(), HOME: home } };
      const { document } = await runJson(
        ['serve-mcp', '--print-config', client, '--path', '/some/project'],
        options,
      );
      const { file, snippet, written } = document.result;
      expect(written).toBe(false);
      expect([folder, home].some((place) => file.startsWith(place))).toBe(true);
      for (const word of ['embed-search', 'serve-mcp', '--path', '/some/project'])
        expect(snippet).toContain(word);
      if (file.endsWith('.json')) expect(Object.keys(JSON.parse(snippet))).toHaveLength(1);
      expect(() => readFileSync(file)).toThrow('ENOENT');
      const plain = await run(['serve-mcp', '--print-config', client, '--path', '/some/project'], options);
      expect(`${plain.stdout}\n`).toBe(snippet);
      expect(plain.stderr).toContain(file);
    },
  );

  test('--write puts it beside what is there, and again without a second entry', async () => {
    const folder = makeFolder();
    addFiles(folder, { '.mcp.json': '{"mcpServers": {"other": {"command": "x"}}, "more": 1}' });
    const args = ['serve-mcp', '--print-config', 'claude-code', '--write'];
    for (let round = 0; round < 2; round++) {
      expect(await run(args, { cwd: folder })).toMatchObject({ exitCode: 0 });
      expect(JSON.parse(readFileSync(path.join(folder, '.mcp.json'), 'utf8'))).toEqual({
        mcpServers: {
          other: { command: 'x' },
          'embed-search': { command: 'embed-search', args: ['serve-mcp'] },
        },
        more: 1,
      });
    }
    const home = makeFolder({ '.codex/config.toml': 'model = "o"\n' });
    const env = { ...cleanEnvironment(), HOME: home };
    expect(await run(['serve-mcp', '--print-config', 'codex', '--write'], { env })).toMatchObject({
      exitCode: 0,
    });
    expect(readFileSync(path.join(home, '.codex/config.toml'), 'utf8')).toMatch(
      /^model = "o"\n\n\[mcp_servers.embed-search\]\ncommand = "embed-search"\nargs = \["serve-mcp"\]\n$/,
    );
    expect(await run(['serve-mcp', '--print-config', 'codex', '--write'], { env })).toMatchObject({
      exitCode: 2,
    });
  });

  test('--write leaves alone what it would spoil', async () => {
    for (const text of ['{ // a comment\n}', '[]', '{"mcpServers": []}', 'not json']) {
      const folder = makeFolder();
      writeFileSync(path.join(folder, '.mcp.json'), text);
      const ran = await run(['serve-mcp', '--print-config', 'claude-code', '--write'], { cwd: folder });
      expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('is left as it is') });
      expect(readFileSync(path.join(folder, '.mcp.json'), 'utf8')).toBe(text);
    }
  });

  test('of a client that nobody knows says which are known', async () => {
    expect(await run(['serve-mcp', '--print-config', 'emacs'])).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('claude-code'),
    });
  });
});

test('--print-instructions says when to search, which tool, and how to read its answers', async () => {
  const { exitCode, stdout, stderr } = await run(['serve-mcp', '--print-instructions']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  for (const word of [
    'search_code',
    'read_lines',
    'find_similar',
    'update_index',
    'degraded',
    'stale',
    'not-indexed',
  ])
    expect(stdout).toContain(word);
});
