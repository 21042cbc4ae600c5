import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import {
  addFiles,
  cleanEnvironment,
  cliFile,
  makeFolder,
  run,
  runJson,
  SMALL_PROJECT,
  start,
} from './cli.js';
import { contents } from './contents.js';
import { eventually } from './processes.js';
import { paragraphs } from './prose.js';

test('an index that was brought up to date equals one made anew, vector for vector', async () => {
  verifies('incremental-equals-fresh');
  const folder = makeFolder({
    ...SMALL_PROJECT,
    'notes/a.txt': paragraphs(4),
    'notes/b.txt': paragraphs(4, 2),
  });
  await run(['index', folder, '--lanes', '1']);

  const at = (name: string) => path.join(folder, name);
  rmSync(at('src/sleep.ts'));
  renameSync(at('notes/a.txt'), at('notes/moved.txt'));
  writeFileSync(at('docs/guide.md'), '# Guide\n\nA dog barks.\n');
  addFiles(folder, { 'deep/er/new.py': 'def answer():\n    return 42\n', '.gitignore': 'notes/b.txt\n' });
  mkdirSync(at('.git'));
  const updated = (await runJson(['index', folder, '--lanes', '1'])).document.result;
  expect(updated.files).toMatchObject({ removed: 3, unchanged: 2 });

  const fresh = makeFolder();
  cpSync(folder, fresh, { recursive: true, filter: (source) => !source.endsWith('.embed-search') });
  await run(['index', fresh, '--lanes', '1']);
  expect(await contents(folder)).toEqual(await contents(fresh));

  const ask = async (where: string) => {
    const { hits } = (await runJson(['query', 'river and a dog that barks', '--path', where])).document
      .result;
    return hits;
  };
  expect(await ask(folder)).toEqual(await ask(fresh));
});

test('a renamed or copied prose file costs no embedding', async () => {
  verifies('nothing-embedded-twice');
  const folder = makeFolder({ 'a.txt': paragraphs(5) });
  const first = (await runJson(['index', folder])).document.result;
  expect(first.chunks.embedded).toBeGreaterThan(2);
  renameSync(path.join(folder, 'a.txt'), path.join(folder, 'b.txt'));
  addFiles(folder, { 'copy.txt': paragraphs(5) });
  const moved = (await runJson(['index', folder])).document.result;
  expect(moved).toMatchObject({ files: { indexed: 2, removed: 1 }, chunks: { embedded: 0 } });
  expect(moved.chunks.withVectors).toBe(moved.chunks.total);
});

test('code that moves to another folder, or is copied to one, costs no embedding and is found there', async () => {
  verifies('nothing-embedded-twice');
  const folder = makeFolder(SMALL_PROJECT);
  const first = (await runJson(['index', folder])).document.result;
  renameSync(path.join(folder, 'src'), path.join(folder, 'lib'));
  cpSync(path.join(folder, 'lib'), path.join(folder, 'old/branch'), { recursive: true });
  const moved = (await runJson(['index', folder])).document.result;
  expect(moved.chunks).toMatchObject({ embedded: 0, withVectors: moved.chunks.total });
  expect(moved.chunks.total).toBeGreaterThan(first.chunks.total);
  const asked = await runJson(['query', 'try an upload again', '--mode', 'vector', '--path', folder]);
  expect(asked.document.result.hits[0].path).toMatch(/^(lib|old\/branch)\/upload\.ts$/);

  const fresh = makeFolder();
  cpSync(folder, fresh, { recursive: true, filter: (source) => !source.endsWith('.embed-search') });
  await run(['index', fresh]);
  expect(await contents(folder)).toEqual(await contents(fresh));
});

test('a run that finds no space exits 8, and the generation before still answers', async () => {
  verifies('old-generation-answers');
  const folder = makeFolder(SMALL_PROJECT);
  await run(['index', folder]);
  // Equal texts share a vector: it is the words that take the space.
  const text = paragraphs(250);
  addFiles(folder, Object.fromEntries([1, 2, 3, 4].map((n) => [`large-${n}.txt`, text])));
  // The largest file that the process may write, in blocks of 512 bytes: SQLite meets it like a full disk.
  const limited = await execa(
    'sh',
    [
      '-c',
      'trap "" XFSZ; ulimit -f 800; exec "$@"',
      'sh',
      process.execPath,
      cliFile,
      'index',
      folder,
      '--json',
    ],
    { reject: false, extendEnv: false, env: cleanEnvironment() },
  );
  expect(limited.exitCode).toBe(8);
  expect(JSON.parse(limited.stdout).error).toMatchObject({
    code: expect.stringMatching(/^(NO_SPACE|MACHINE)$/),
  });
  const asked = await runJson(['query', 'retry upload', '--path', folder]);
  expect(asked.document).toMatchObject({ ok: true });
  expect(asked.document.result.hits[0]).toMatchObject({ path: 'src/upload.ts' });

  const after = (await runJson(['index', folder])).document;
  expect(after.ok).toBe(true);
  expect(after.result.chunks.withVectors).toBe(after.result.chunks.total);
});

test.skipIf(process.getuid?.() === 0)(
  'an index that may not be written exits 8, and still answers',
  async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    addFiles(folder, { 'more.txt': 'more\n' });
    chmodSync(path.join(folder, '.embed-search'), 0o500);
    try {
      expect((await run(['index', folder])).exitCode).toBe(8);
      expect((await run(['query', 'retry upload', '--path', folder])).stdout).toContain('upload.ts');
    } finally {
      chmodSync(path.join(folder, '.embed-search'), 0o700);
    }
  },
);

describe('patterns of the last run', () => {
  const files = { 'src/a.ts': 'export const a = 1;\n', 'gen/out.ts': 'export const made = 1;\n' };

  test('that a run has not are named once before it, also in JSON and by --watch, with how to keep them', async () => {
    const folder = makeFolder(files);
    await run(['index', folder, '--exclude', 'gen/**']);
    const dry = await run(['index', folder, '--dry-run']);
    expect(dry.stderr).toMatch(
      /^Warning: The last run had --exclude "gen\/\*\*".*embed-search\.config\.json\.$/,
    );
    const plain = await runJson(['index', folder]);
    expect(plain.document).toMatchObject({ ok: true, result: { files: { indexed: 1, unchanged: 1 } } });
    expect(plain.document.warnings).toEqual([expect.stringContaining('{"exclude":["gen/**"]}')]);
    expect((await runJson(['index', folder])).document.warnings).toEqual([]);

    await run(['index', folder, '--exclude', 'gen/**']);
    const watching = start(['index', folder, '--watch'], { all: true });
    let shown = '';
    watching.all!.on('data', (part: Buffer) => (shown += part.toString()));
    await eventually(() => shown.includes('Watching'));
    addFiles(folder, { 'src/b.ts': 'export const b = 1;\n' });
    await eventually(() => shown.includes('embedded ('));
    watching.kill('SIGINT');
    await watching;
    expect(shown.match(/The last run had/g)).toHaveLength(1);
  });

  test('are no news where the run names patterns itself, or a configuration file does', async () => {
    const folder = makeFolder(files);
    await run(['index', folder, '--exclude', 'gen/**']);
    expect((await runJson(['index', folder, '--exclude', 'none/**'])).document.warnings).toEqual([]);
    addFiles(folder, { 'embed-search.config.json': '{"exclude": ["none/**"]}' });
    expect((await runJson(['index', folder])).document.warnings).toEqual([]);
  });

  test('are in the command that status recommends, unless a configuration file says them', async () => {
    const folder = makeFolder(files);
    await run(['index', '.', '--exclude', 'gen/**', '--max-file-size', '1M'], { cwd: folder });
    addFiles(folder, { 'src/b.ts': 'export const b = 1;\n' });
    const command = 'embed-search index --exclude "gen/**" --max-file-size 1048576';
    expect((await run(['status'], { cwd: folder })).stdout).toContain(`run ${command}\n`);
    expect((await runJson(['status'], { cwd: folder })).document.result.indexCommand).toBe(command);
    expect((await run(['status', 'src/b.ts'], { cwd: folder })).stdout).toContain(command);
    addFiles(folder, {
      'embed-search.config.json': '{"exclude": ["gen/**"], "max-file-size": 1048576}',
    });
    expect((await run(['status'], { cwd: folder })).stdout).toContain('run embed-search index\n');
    // From below it names the folder: an index of the folder below would hide this one.
    const below = await runJson(['status'], { cwd: path.join(folder, 'src') });
    expect(below.document.result.indexCommand).toBe(`embed-search index ${folder}`);
  });
});
