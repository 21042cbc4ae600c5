import { copyFileSync, cpSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { cleanEnvironment, makeFolder, projectRoot, run } from '../e2e/cli.js';

const committed = JSON.parse(readFileSync(path.join(projectRoot, 'oclif.manifest.json'), 'utf8'));

/** What others rely on. It only grows: a name that disappears from here breaks them. */
const CONTRACT: Record<string, string[]> = {
  index: [
    'json path index-dir model runtime lanes memory max-embedder-memory log-level',
    'device pooling query-prefix document-prefix dimensions',
    'include exclude max-file-size rebuild dry-run watch wait',
  ],
  query: [
    'json path index-dir model runtime lanes memory max-embedder-memory log-level',
    'device pooling query-prefix document-prefix dimensions',
    'limit mode by glob lang exact context like batch check-stale min-score explain',
  ],
  status: ['json path index-dir log-level'],
  doctor: [
    'json path index-dir model runtime lanes memory max-embedder-memory log-level',
    'deep fix watch report',
  ],
  'serve-mcp': [
    'json path index-dir model runtime lanes memory max-embedder-memory log-level',
    'http auto-index lazy embedder-wait print-config write print-instructions',
  ],
  'model:list': ['json known log-level'],
  'model:info': ['json pooling query-prefix document-prefix dimensions log-level'],
  'model:use': ['json project log-level'],
  'model:pull': ['json sha256 force log-level'],
  eval: ['json path index-dir model runtime lanes memory max-embedder-memory log-level', 'slices'],
};

describe('the command line', () => {
  test.each(Object.keys(CONTRACT))('%s has every flag of the contract', (command) => {
    const flags = Object.keys(committed.commands[command].flags);
    expect(flags).toEqual(expect.arrayContaining(CONTRACT[command]!.join(' ').split(' ')));
  });

  test('oclif.manifest.json is what the commands say now', async () => {
    // The generator writes beside package.json, so it gets a folder that looks like the project.
    const folder = makeFolder();
    copyFileSync(path.join(projectRoot, 'package.json'), path.join(folder, 'package.json'));
    cpSync(path.join(projectRoot, 'dist'), path.join(folder, 'dist'), { recursive: true });
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
    const oclif = path.join(projectRoot, 'node_modules/oclif/bin/run.js');
    const fresh = path.join(folder, 'oclif.manifest.json');
    await execa(process.execPath, [oclif, 'manifest'], { cwd: folder });
    expect(JSON.parse(readFileSync(fresh, 'utf8'))).toEqual(committed);
  });

  test('--help and --version say what they should and load nothing heavy', async () => {
    verifies('light-start');
    const report = path.join(makeFolder(), 'libraries');
    const preload = path.join(projectRoot, 'test/fixtures/shared-objects.mjs');
    const env = { ...cleanEnvironment(), NODE_OPTIONS: `--import ${preload}`, SHARED_OBJECTS: report };
    for (const [flag, text] of [
      ['--help', 'COMMANDS'],
      ['--version', 'embed-search/'],
      ['-h', 'query'],
    ] as const) {
      const ran = await run([flag], { env });
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      expect(ran.stdout).toContain(text);
      expect(readFileSync(report, 'utf8')).not.toMatch(/libsql|llama|ggml/);
    }
  });

  test('a clone that was not built says so, with the next step', async () => {
    const clone = makeFolder({ 'package.json': '{"type": "module"}', 'bin/none': '' });
    copyFileSync(path.join(projectRoot, 'bin/run.js'), path.join(clone, 'bin/run.js'));
    const args = [path.join(clone, 'bin/run.js'), '--version'];
    const ran = await execa(process.execPath, args, { reject: false });
    expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^Error: .*npm run build.*$/);
  });

  test.each(['index', 'query', 'status', 'doctor', 'serve-mcp', 'eval'])(
    '%s --help names its flags and the environment variables',
    async (command) => {
      const ran = await run([command, '--help']);
      expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
      expect(ran.stdout).toContain('--index-dir=DIR');
      expect(ran.stdout).toContain('EMBED_SEARCH_INDEX_DIR');
    },
  );
});
