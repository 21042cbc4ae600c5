import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { openIndex } from '#dist/index.js';
import {
  cleanEnvironment,
  cliFile,
  makeFolder,
  projectRoot,
  run,
  runJson,
  SMALL_PROJECT,
  start,
} from './cli.js';
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

  test('that has an index.db of another program is refused, also with --rebuild, and left as it is', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const files = { 'index.db': 'precious', 'vectors/a.txt': 'precious too', lock: '' };
    for (const foreign of [makeFolder({ 'index.db': 'precious' }), makeFolder(files)]) {
      for (const flags of [[], ['--rebuild']]) {
        const ran = await run(['index', folder, '--index-dir', foreign, ...flags]);
        expect(ran.exitCode).toBe(2);
        expect(ran.stderr).toContain('holds other files and no index');
      }
      expect(readFileSync(path.join(foreign, 'index.db'), 'utf8')).toBe('precious');
      expect(existsSync(path.join(foreign, 'vectors/a.txt'))).toBe(existsSync(path.join(foreign, 'lock')));
    }
  });

  test('of ours whose index.db is spoiled is mended also where somebody has removed its lock', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    writeFileSync(path.join(folder, '.embed-search/index.db'), 'spoiled');
    rmSync(path.join(folder, '.embed-search/lock'));
    expect(await runJson(['index', folder])).toMatchObject({
      exitCode: 0,
      document: { result: { chunks: { embedded: 0 } } },
    });
  });

  test('whose index.db was removed keeps its vectors', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const first = await runJson(['index', folder]);
    rmSync(path.join(folder, '.embed-search/index.db'));
    const again = await runJson(['index', folder]);
    expect(again).toMatchObject({ exitCode: 0, document: { result: { chunks: { embedded: 0 } } } });
    expect(again.document.result.chunks.withVectors).toBe(first.document.result.chunks.total);
    expect(again.document.warnings).toContainEqual(expect.stringMatching(/was missing.*vectors were kept/));
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
    // The run may make a file in a folder that is being emptied.
    rmSync(indexDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 5 });
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
    const ran = await run(['status', 'file', 'extra']);
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

describe('a rebuild', () => {
  test('with a model that cannot be used gives up nothing', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const failed = await run(['index', folder, '--rebuild', '--model', '/no/such/model.gguf']);
    expect(failed.exitCode).toBe(4);
    const { document } = await runJson([
      'query',
      'a pet that chases rodents',
      '--path',
      folder,
      '--mode',
      'vector',
    ]);
    expect(document.result.hits[0].path).toBe('docs/guide.md');
  });

  test('of a folder that is empty now leaves an empty index', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    for (const name of ['src', 'docs']) rmSync(path.join(folder, name), { recursive: true });
    expect((await runJson(['index', folder, '--rebuild'])).document.result.chunks.total).toBe(0);
    expect((await runJson(['status', '--path', folder])).document.result).toMatchObject({
      files: 0,
      chunks: 0,
    });
  });
});

describe('a model file that has moved', () => {
  test('is found by --model, and made vectors answer', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const models = makeFolder();
    const before = path.join(models, 'before.gguf');
    copyFileSync(path.join(projectRoot, 'models/all-MiniLM-L6-v2.Q8_0.gguf'), before);
    await run(['index', folder, '--model', before]);
    const after = path.join(models, 'after.gguf');
    renameSync(before, after);
    const asked = await runJson([
      'query',
      'retry upload',
      '--path',
      folder,
      '--model',
      after,
      '--mode',
      'vector',
    ]);
    expect(asked.document.result.hits[0].path).toBe('src/upload.ts');
    // The file that is gone is the shipped model under another name, so the shipped one serves too.
    const shipped = await runJson(['query', 'retry upload', '--path', folder, '--mode', 'vector']);
    expect(shipped.document.ok).toBe(true);
  });
});

describe('a model file that lies in the folder that is indexed', () => {
  test('is not opened because the index names it, only when the user does', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const model = path.join(folder, 'mine.gguf');
    const bytes = readFileSync(path.join(projectRoot, 'models/all-MiniLM-L6-v2.Q8_0.gguf'));
    bytes.write('apache-2.1', bytes.indexOf('apache-2.0')); // another model than the shipped one
    writeFileSync(model, bytes);
    expect(await run(['index', folder, '--model', model])).toMatchObject({ exitCode: 0 });

    const query = ['query', 'retry upload', '--path', folder];
    const { document } = await runJson(query);
    expect(document.result.degraded.reason).toContain('not opened unasked');
    const refused = await runJson([...query, '--mode', 'vector']);
    expect(refused).toMatchObject({ exitCode: 4, document: { error: { code: 'MODEL_MISSING' } } });
    expect(refused.document.error.fix).toContain(`--model ${model}`);
    const update = await runJson(['index', folder]);
    expect(update).toMatchObject({ exitCode: 4, document: { error: { code: 'MODEL_MISSING' } } });

    const asked = await runJson([...query, '--mode', 'vector', '--model', model]);
    expect(asked.document.result.hits[0].path).toBe('src/upload.ts');
  });
});

test('a reader that leaves in the middle of a batch ends it quietly', async () => {
  const folder = makeFolder(SMALL_PROJECT);
  await run(['index', folder]);
  const questions = path.join(makeFolder(), 'questions');
  writeFileSync(questions, 'retry upload\n'.repeat(300));
  const command = '"$@" | head -1; exit "${PIPESTATUS[0]}"';
  const args = [process.execPath, cliFile, 'query', '--batch', questions, '--path', folder];
  const ran = await execa('bash', ['-c', command, 'bash', ...args], {
    reject: false,
    extendEnv: false,
    env: cleanEnvironment(),
  });
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(ran.stdout).ok).toBe(true);
});
