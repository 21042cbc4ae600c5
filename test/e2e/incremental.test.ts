import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { addFiles, cleanEnvironment, cliFile, makeFolder, run, runJson, SMALL_PROJECT } from './cli.js';
import { contents } from './contents.js';
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

test('a moved or restored prose file costs no embedding', async () => {
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

test('a run that finds no space exits 8, and the generation before still answers', async () => {
  verifies('old-generation-answers');
  const folder = makeFolder(SMALL_PROJECT);
  await run(['index', folder]);
  addFiles(folder, Object.fromEntries([1, 2, 3, 4].map((n) => [`large-${n}.txt`, paragraphs(250, n)])));
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
