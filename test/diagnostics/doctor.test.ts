import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  addFiles,
  cleanEnvironment,
  type Document,
  makeFolder,
  run,
  runJson,
  SMALL_PROJECT,
} from '../e2e/cli.js';
import { verifies } from '../house/promises.js';

async function indexed(files: Record<string, string> = SMALL_PROJECT): Promise<string> {
  const folder = makeFolder(files);
  expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
  return folder;
}

function statusOf(document: Document, id: string): string {
  return checkOf(document, id).status;
}

function checkOf(document: Document, id: string): Document {
  return document.result.checks.find((check: { id: string }) => check.id === id);
}

function firstShard(folder: string): string {
  const vectors = path.join(folder, '.embed-search/vectors');
  const shard = path.join(vectors, readdirSync(vectors)[0]!);
  return path.join(
    shard,
    readdirSync(shard).find((name) => !name.endsWith('.json'))!,
  );
}

/** Flips the last byte of the first shard, which lies in a vector or its checksum. */
function damageShard(folder: string): void {
  const file = firstShard(folder);
  const bytes = readFileSync(file);
  bytes[bytes.length - 20]! ^= 0xff;
  writeFileSync(file, bytes);
}

/** One sound index, and one look at it that is deep. */
let shared: string;
let sound: Awaited<ReturnType<typeof runJson>>;
beforeAll(async () => {
  shared = mkdtempSync(path.join(os.tmpdir(), 'embed-search-test-'));
  addFiles(shared, { ...SMALL_PROJECT, 'secret-plans/zebra.md': '# Zebra\n\nThe zebra crosses at dawn.\n' });
  await run(['index', shared]);
  sound = await runJson(['doctor', '--deep', '--path', shared, '--report', path.join(shared, 'report.log')]);
});
afterAll(() => rmSync(shared, { recursive: true, force: true }));

describe('doctor', () => {
  test('finds a sound machine, model, embedder and index sound, by real vectors and a real crash', () => {
    verifies('doctor-proves');
    const { exitCode, document } = sound;
    expect(document.result.checks.filter((check: { status: string }) => check.status === 'fail')).toEqual([]);
    expect(exitCode).toBe(0);
    const proven = ['binding', 'model', 'embedder', 'reference-vectors', 'determinism', 'recovery', 'mcp'];
    const ofIndex = ['index', 'integrity', 'index-vectors', 'coverage', 'freshness', 'lock'];
    for (const id of [...proven, ...ofIndex]) expect(statusOf(document, id), id).toBe('pass');
    expect(document.result.memory.embedder.anonymousBytes).toBeGreaterThan(0);
  });

  test('without an index skips what needs one, names a variable that nobody reads, and exits 0', async () => {
    const env = { ...cleanEnvironment(), EMBED_SEARCH_LANE: '2' };
    const { exitCode, document } = await runJson(['doctor', '--path', makeFolder()], { env });
    expect(exitCode).toBe(0);
    expect(document.ok).toBe(true);
    expect(statusOf(document, 'index')).toBe('skip');
    expect(statusOf(document, 'index-vectors')).toBe('skip');
    expect(statusOf(document, 'reference-vectors')).toBe('pass');
    const check = document.result.checks.find(({ id }: { id: string }) => id === 'environment');
    expect(check).toMatchObject({ status: 'warn' });
    expect(check.detail).toContain('EMBED_SEARCH_LANES');
  });

  test('a broken model fails with exit 4, what needs it is skipped, and the checks stand beside the error', async () => {
    const folder = makeFolder({ 'broken.gguf': 'GGUF and nothing else' });
    const { exitCode, document } = await runJson([
      'doctor',
      '--path',
      folder,
      '--model',
      path.join(folder, 'broken.gguf'),
    ]);
    expect(exitCode).toBe(4);
    expect(document).toMatchObject({ ok: false, error: { code: 'MODEL_INVALID' } });
    expect(statusOf(document, 'model')).toBe('fail');
    expect(statusOf(document, 'embedder')).toBe('skip');
    expect(statusOf(document, 'free-disk')).not.toBe('skip');
  });

  test('a damaged shard fails with exit 3 where all is read, and --fix embeds its texts again', async () => {
    const folder = await indexed();
    damageShard(folder);
    const found = await runJson(['doctor', '--deep', '--path', folder]);
    expect(found.exitCode).toBe(3);
    expect(statusOf(found.document, 'integrity')).toBe('fail');
    const mended = await runJson(['doctor', '--deep', '--fix', '--path', folder]);
    expect(mended.exitCode).toBe(0);
    expect(mended.document.result.fixed.join('\n')).toMatch(/embedded/);
    expect(statusOf(mended.document, 'integrity')).toBe('pass');
    expect(statusOf(mended.document, 'index-vectors')).toBe('pass');
  });

  test('vectors that are missing or cut off are said also where not all is read, with what mends them: a plain run', async () => {
    const folder = await indexed();
    const look = () => runJson(['doctor', '--path', folder]);
    truncateSync(firstShard(folder), 1000);
    const cutOff = await look();
    expect(cutOff.exitCode).toBe(3);
    expect(statusOf(cutOff.document, 'integrity')).toBe('skip');
    expect(checkOf(cutOff.document, 'index-vectors')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('missing or damaged'),
      fix: expect.stringMatching(/or embed-search index$/),
    });

    rmSync(path.join(folder, '.embed-search/vectors'), { recursive: true });
    const gone = await look();
    expect(gone).toMatchObject({ exitCode: 3, document: { error: { code: 'INDEX_DAMAGED' } } });
    for (const id of ['integrity', 'index-vectors']) {
      const check = checkOf(gone.document, id);
      expect(check, id).toMatchObject({
        status: 'fail',
        fix: expect.stringMatching(/or embed-search index$/),
      });
    }
    expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
    const mended = await look();
    expect(mended.exitCode).toBe(0);
    expect(statusOf(mended.document, 'index-vectors')).toBe('pass');
  });

  test('a damaged database fails with exit 3, and --fix makes it anew and keeps the vectors', async () => {
    const folder = await indexed();
    const file = path.join(folder, '.embed-search/index.db');
    const damage = (at: number) => {
      const bytes = readFileSync(file);
      bytes[at]! ^= 0xff;
      writeFileSync(file, bytes);
    };
    // A text that is no UTF-8 any more; then the first page, without which nothing can be opened.
    for (const at of [readFileSync(file).indexOf('src/sleep.ts'), 0]) {
      damage(at);
      const found = await runJson(['doctor', '--path', folder]);
      expect(found).toMatchObject({ exitCode: 3, document: { error: { code: 'INDEX_DAMAGED' } } });
      expect(found.document.error.fix).toMatch(/^Run embed-search index: .*vectors are kept/);
      const mended = await runJson(['doctor', '--fix', '--path', folder]);
      expect(mended.exitCode).toBe(0);
      const fixed = mended.document.result.fixed.join('\n');
      expect(fixed).toMatch(/made anew/);
      expect(fixed).not.toMatch(/embedded|not the index/);
      for (const id of ['index', 'index-vectors', 'coverage', 'freshness'])
        expect(statusOf(mended.document, id), id).toBe('pass');
    }
  });

  test('--fix gives the owner access to the index, and keeps to the rules of the last run', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    expect(await run(['index', folder, '--include', 'docs/**'])).toMatchObject({ exitCode: 0 });
    const vectors = path.join(folder, '.embed-search/vectors');
    if (process.platform !== 'win32') chmodSync(vectors, 0o500);
    const { exitCode, document: mended } = await runJson(['doctor', '--fix', '--path', folder]);
    expect(exitCode).toBe(0);
    if (process.platform !== 'win32')
      expect(mended.result.fixed.join('\n')).toMatch(/access of the owner to 1 files/);
    const { document } = await runJson(['status', '--path', folder]);
    expect(document.result.files).toBe(1);
  });

  test('a report names no file, folder or text of the user', () => {
    verifies('report-is-anonymous');
    const text = readFileSync(path.join(shared, 'report.log'), 'utf8');
    expect(text).toMatch(/pass\s+reference-vectors/);
    for (const word of [
      'zebra',
      'secret-plans',
      path.basename(shared),
      process.cwd(),
      process.env['HOME'] ?? '/root/',
    ])
      expect(text.toLowerCase()).not.toContain(word.toLowerCase());
  });

  test('for people each check has a line, and a table says what host and embedder take', async () => {
    const { stdout, exitCode } = await run(['doctor', '--path', makeFolder()]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/✔ Vectors are right/);
    expect(stdout).toMatch(/host +\d+ MB +V8 heap used/);
    expect(stdout).toMatch(/embedder \(pid \d+, ready\) +\d+ MB +its own \d+ MB, mapped files/);
    expect(stdout).toContain('The host holds no model');
  });
});

describe('status FILE', () => {
  test('says why a file is in the index, or why it is not', async () => {
    const folder = await indexed({
      ...SMALL_PROJECT,
      '.gitignore': 'build/\n',
      'build/out.js': 'export const built = 1;\n',
      'picture.bin': 'a\0b\0c',
    });
    writeFileSync(path.join(folder, 'later.md'), '# Later\n');
    writeFileSync(path.join(folder, 'docs/guide.md'), '# Changed since\n');
    const about = async (file: string) =>
      (await runJson(['status', path.join(folder, file), '--path', folder])).document.result;
    expect(await about('src/sleep.ts')).toMatchObject({
      indexed: true,
      stale: false,
      language: 'typescript',
      chunks: { total: 1, withVectors: 1 },
    });
    expect(await about('docs/guide.md')).toMatchObject({ indexed: true, stale: true });
    expect(await about('build/out.js')).toMatchObject({ indexed: false, reason: 'ignored' });
    expect((await about('build/out.js')).detail).toContain('.gitignore: build/');
    expect(await about('picture.bin')).toMatchObject({ indexed: false, reason: 'binary' });
    expect(await about('later.md')).toMatchObject({ indexed: false, reason: 'new' });
  });

  test('of a folder says that it is one, how many files of it are in the index, and how far they have moved on', async () => {
    const folder = await indexed({
      ...SMALL_PROJECT,
      'src/deep/more.ts': 'export const more = 1;\n',
      'src/picture.bin': 'a\0b\0c',
      '.gitignore': 'build/\n',
      'build/out.js': 'export const built = 1;\n',
    });
    const ask = async (name: string) =>
      (await runJson(['status', path.join(folder, name), '--path', folder])).document.result;
    const fresh = { changed: 0, added: 0, removed: 0 };
    expect(await ask('src/')).toMatchObject({
      kind: 'folder',
      path: 'src',
      indexed: true,
      stale: false,
      files: { indexed: 4, leftOut: 1, ...fresh },
    });
    expect(await ask('.')).toMatchObject({ path: '.', files: { indexed: 5, leftOut: 3 } }); // also .gitignore
    expect(await ask('build')).toMatchObject({
      kind: 'folder',
      indexed: false,
      reason: 'ignored',
      files: { indexed: 0 },
    });
    const said = await run(['status', path.join(folder, 'src'), '--path', folder]);
    expect(said).toMatchObject({ exitCode: 0, stderr: '' });
    expect(said.stdout).toMatch(/a folder +4 files in the index, 1 left out/);
    expect(said.stdout).not.toContain('gone');

    rmSync(path.join(folder, 'src/deep'), { recursive: true });
    expect(await ask('src/deep')).toMatchObject({ kind: 'folder', stale: true, files: { removed: 1 } });
    expect(await ask('src/sleep.ts')).toMatchObject({ kind: 'file', indexed: true });
  });

  test('a file that is not there or lies elsewhere is a usage error', async () => {
    expect(await run(['status', path.join(shared, 'none.ts'), '--path', shared])).toMatchObject({
      exitCode: 2,
    });
    const stray = path.join(makeFolder({ 'a.ts': 'x' }), 'a.ts');
    expect(await run(['status', stray, '--path', shared])).toMatchObject({ exitCode: 2 });
  });
});
