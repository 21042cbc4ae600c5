import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { openIndex } from '#dist/index.js';
import { cleanEnvironment, cliFile, makeFolder, run, runJson, SMALL_PROJECT, start } from './cli.js';
import { eventually } from './processes.js';
import { paragraphs } from './prose.js';

describe('an index folder', () => {
  test('that holds other files is refused and left as it is', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const ran = await run(['index', folder, '--index-dir', folder]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('holds other files and no index');
    expect(existsSync(path.join(folder, '.gitignore'))).toBe(false);
    expect(existsSync(path.join(folder, 'vectors'))).toBe(false);
  });

  test('of another project is not taken over without --rebuild', async () => {
    const indexDir = path.join(makeFolder(), 'index');
    const mine = makeFolder(SMALL_PROJECT);
    await run(['index', mine, '--index-dir', indexDir]);
    const other = makeFolder({ 'other.md': '# Other\n' });
    const refused = await runJson(['index', other, '--index-dir', indexDir]);
    expect(refused).toMatchObject({ exitCode: 3, document: { error: { code: 'INDEX_OTHER_SETTINGS' } } });
    const asked = await runJson(['query', 'retry upload', '--index-dir', indexDir]);
    expect(asked.document.result.hits[0].path).toBe('src/upload.ts');
    expect((await run(['index', other, '--index-dir', indexDir, '--rebuild'])).exitCode).toBe(0);
  });

  test.skipIf(process.platform !== 'linux')('that cannot be made ends the command', async () => {
    const ran = await run(['index', makeFolder(SMALL_PROJECT), '--index-dir', '/proc/nowhere'], {
      timeout: 20_000,
    });
    expect(ran.exitCode).toBe(8);
  });

  test('that is deleted during a run is no success', async () => {
    const folder = makeFolder({ 'notes.txt': paragraphs(120) });
    const running = start(['index', folder, '--lanes', '1']);
    const indexDir = path.join(folder, '.embed-search');
    await eventually(() => existsSync(path.join(indexDir, 'index.db')));
    rmSync(indexDir, { recursive: true, force: true });
    expect((await running).exitCode).not.toBe(0);
  });
});

describe('the machine', () => {
  test.skipIf(!existsSync('/dev/full'))('a full disk behind stdout is one sentence and exit 8', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const ran = await execa(
      'sh',
      ['-c', '"$@" > /dev/full', 'sh', process.execPath, cliFile, 'status', '--path', folder],
      {
        reject: false,
        extendEnv: false,
        env: cleanEnvironment(),
      },
    );
    expect(ran.exitCode).toBe(8);
    expect(ran.stderr).toContain('The output could not be written');
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });

  test('a folder where a file is needed is no bug of ours', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    expect((await run(['query', '--batch', folder, '--path', folder])).exitCode).toBe(8);
    const blocked = makeFolder({ '.embed-search': 'a file' });
    expect((await run(['index', blocked])).exitCode).toBe(8);
  });
});

describe('small things', () => {
  test('an extra word behind a command is a usage error', async () => {
    const ran = await run(['status', 'extra']);
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('Unexpected argument: extra');
  });

  test('a repeatable flag can be given by its environment variable', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const env = { ...cleanEnvironment(), EMBED_SEARCH_INCLUDE: '*.md' };
    const { document } = await runJson(['index', folder, '--dry-run'], { env });
    expect(document.result.changed).toEqual(['docs/guide.md']);
  });

  test('a run that was killed does not count as running', async () => {
    const folder = makeFolder({ 'notes.txt': paragraphs(200) });
    const running = start(['index', folder, '--lanes', '1']);
    await eventually(() => existsSync(path.join(folder, '.embed-search/index.db')));
    await eventually(async () => (await run(['status', '--path', folder])).stdout.includes('running'));
    running.kill('SIGKILL');
    await running;
    expect((await runJson(['status', '--path', folder])).document.result.lastRun.outcome).toBe('interrupted');
  });

  test('the first hits do not depend on how many are asked for', async () => {
    const folder = makeFolder(
      Object.fromEntries(Array.from({ length: 30 }, (_, file) => [`${file}.txt`, paragraphs(4, file + 1)])),
    );
    await run(['index', folder]);
    const ask = async (limit: string) =>
      (await runJson(['query', 'violin in the harbor', '--path', folder, '-k', limit])).document.result.hits;
    expect((await ask('100')).slice(0, 3)).toEqual(await ask('3'));
  });

  test('the library says what is wrong, and closing twice is once', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const index = await openIndex(folder);
    await expect(index.search({ text: 'x', limit: -1 })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(index.search({ text: 'x', mode: 'best' as 'hybrid' })).rejects.toMatchObject({
      code: 'USAGE',
    });
    await index.close();
    await index.close();
    writeFileSync(path.join(folder, 'after.md'), 'still alive\n');
  });
});
