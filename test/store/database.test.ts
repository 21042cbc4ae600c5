import { execFile } from 'node:child_process';
import { chmodSync, chownSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { embedPending, file, identity, modelFile, temporaryFolder, vectorOf, wordRules } from './fixtures.js';

const readIndex = fileURLToPath(new URL('children/read-index.js', import.meta.url));
/** A user who owns nothing; root may write anywhere, so as root the reader has to be someone else. */
const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0;

async function smallIndex(): Promise<string> {
  const folder = path.join(temporaryFolder(), 'index');
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  writer.setIdentity(identity, modelFile);
  await writer.setWords(wordRules);
  writer.putFile(...file('a.ts', ['text one', 'text two']));
  await embedPending(writer, { all: true });
  await writer.close();
  return folder;
}

async function readAsSomeoneElse(folder: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [readIndex, folder, JSON.stringify([...vectorOf('text one')])],
    asRoot ? { uid: NOBODY, gid: NOBODY } : {},
  );
  return JSON.parse(stdout);
}

function forEachFile(folder: string, work: (name: string) => void): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    work(path.join(folder, name));
  work(folder);
}

describe('the database of the local store', () => {
  it('is private, says what it is, and keeps itself out of git', async () => {
    const folder = await smallIndex();
    expect(readFileSync(path.join(folder, '.gitignore'), 'utf8')).toBe('*\n');
    expect(process.platform === 'win32' ? 0o700 : statSync(folder).mode & 0o777).toBe(0o700);
    const database = new Database(path.join(folder, 'index.db'));
    const pragma = (name: string): unknown => database.prepare(`pragma ${name}`).raw().get();
    expect(pragma('application_id')).toEqual([0x456d6253]);
    expect(pragma('user_version')).toEqual([2]);
    expect(pragma('journal_mode')).toEqual(['wal']);
    expect(pragma('integrity_check')).toEqual(['ok']);
    database.close();
  });

  it.each([
    ['overwritten', (name: string) => writeFileSync(name, Buffer.alloc(20_000, 7))],
    ['cut off', (name: string) => writeFileSync(name, readFileSync(name).subarray(0, 10_000))],
    ['of another program', (name: string) => otherDatabase(name)],
  ])('that is %s is an error of its own, and a rebuild mends it', async (_name, damage) => {
    const folder = await smallIndex();
    const store = openLocalStore(folder);
    for (const suffix of ['-wal', '-shm']) rmSync(path.join(folder, `index.db${suffix}`));
    damage(path.join(folder, 'index.db'));
    const use = store.openReader().then((reader) => reader.chunks([1, 2]));
    await expect(use).rejects.toMatchObject({ code: 'INDEX_DAMAGED', exitCode: 3 });
    const writer = await store.openWriter({ root: '/', rebuild: true });
    await writer.setWords(wordRules);
    writer.putFile(...file('b.ts', ['anew']));
    await writer.close();
    const reader = await store.openReader();
    expect([...reader.files()].map(({ path: name }) => name)).toEqual(['b.ts']);
    reader.close();
  });

  it('of a newer format is refused, and left as it is', async () => {
    const folder = await smallIndex();
    const store = openLocalStore(folder);
    const database = new Database(path.join(folder, 'index.db'));
    database.exec('pragma user_version = 99');
    database.close();
    const refusal = { code: 'INDEX_NEWER_FORMAT', message: expect.stringContaining('99') };
    await expect(store.openReader()).rejects.toMatchObject(refusal);
    await expect(store.openWriter({ root: '/' })).rejects.toMatchObject(refusal);
    const writer = await store.openWriter({ root: '/', rebuild: true });
    expect(writer.counts().files).toBe(0);
    await writer.close();
  });

  it('that a killed first run left empty is a missing index', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'index.db'), '');
    await expect(openLocalStore(folder).openReader()).rejects.toMatchObject({ code: 'INDEX_MISSING' });
  });

  it.skipIf(process.platform === 'win32')('can be read in a folder that may not be written', async () => {
    const folder = await smallIndex();
    const answer = { counts: { files: 1, chunks: 2, withVectors: 2 }, best: 'text one', words: 2 };
    if (asRoot) chmodSync(path.dirname(folder), 0o755);
    forEachFile(folder, (name) => {
      if (asRoot) chownSync(name, NOBODY, NOBODY);
      chmodSync(name, statSync(name).isDirectory() ? 0o500 : 0o400);
    });
    expect(await readAsSomeoneElse(folder)).toEqual(answer);
    // A copy made without SQLite's own files beside the database is as good.
    chmodSync(folder, 0o700);
    await promisify(execFile)('rm', [
      '-f',
      path.join(folder, 'index.db-wal'),
      path.join(folder, 'index.db-shm'),
    ]);
    chmodSync(folder, 0o500);
    expect(await readAsSomeoneElse(folder)).toEqual(answer);
    forEachFile(folder, (name) => chmodSync(name, 0o700));
  });

  it.skipIf(process.platform === 'win32' || asRoot)(
    'cannot be written in such a folder, and says so',
    async () => {
      const folder = await smallIndex();
      chmodSync(folder, 0o500);
      await expect(openLocalStore(folder).openWriter({ root: '/' })).rejects.toMatchObject({
        code: 'NO_PERMISSION',
      });
      chmodSync(folder, 0o700);
    },
  );
});

function otherDatabase(name: string): void {
  rmSync(name);
  const database = new Database(name);
  database.exec('create table notes(text)');
  database.close();
}
