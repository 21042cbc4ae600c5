import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { standIn } from '../embedder/models.js';
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
import { childrenOf, eventually, isAlive } from './processes.js';
import { paragraphs } from './prose.js';

const env = {
  ...cleanEnvironment(),
  NODE_ENV: 'test',
  EMBED_SEARCH_TEST_EMBEDDER: JSON.stringify({ childProgram: standIn('echo') }),
};

describe('index --watch', () => {
  test('prints a document a line for each run with --json, and ends with exit 130 on Ctrl-C', async () => {
    verifies('watch-keeps-fresh');
    const folder = makeFolder(SMALL_PROJECT);
    const watching = start(['index', folder, '--watch', '--json'], { env, buffer: false });
    const lines: string[] = [];
    watching.stdout!.on('data', (part: Buffer) => lines.push(...part.toString().split('\n').filter(Boolean)));
    await eventually(() => lines.length === 1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ ok: true, result: { files: { indexed: 4 } } });

    addFiles(folder, { 'src/new.txt': 'wombats\n', 'src/sleep.ts': 'export {};\n' });
    rmSync(path.join(folder, 'docs/guide.md'));
    const later = () => lines.slice(1).map((line) => JSON.parse(line));
    const sum = (name: string) => later().reduce((total, { result }) => total + result.files[name], 0);
    await eventually(() => sum('indexed') === 2 && sum('removed') === 1);
    expect(later().every(({ ok }) => ok)).toBe(true);
    // The index is there for others meanwhile.
    const { document } = await runJson(['query', 'wombats', '--mode', 'lexical', '--path', folder]);
    expect(document.result.hits[0]).toMatchObject({ path: 'src/new.txt' });
    expect((await run(['index', folder], { env })).exitCode).toBe(0);

    const embedders = childrenOf(watching.pid!);
    watching.kill('SIGINT');
    expect((await watching).exitCode).toBe(130);
    expect(embedders.filter(isAlive)).toEqual([]);
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ ok: false, error: { code: 'INTERRUPTED' } });
    expect((await runJson(['status', '--path', folder])).document.result.stale).toEqual({
      changed: 0,
      added: 0,
      removed: 0,
    });
  });

  test('says in calm lines what it does, without an error at its end', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const watching = start(['index', folder, '--watch'], { env, all: true });
    let shown = '';
    watching.all!.on('data', (part: Buffer) => (shown += part.toString()));
    await eventually(() => shown.includes('Watching'));
    writeFileSync(path.join(folder, 'src/sleep.ts'), 'export const changed = 1;\n');
    await eventually(() => shown.includes('embedded ('));
    watching.kill('SIGINT');
    const { exitCode, stdout, stderr } = await watching;
    expect(exitCode).toBe(130);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}1 file new or changed, 1 chunk embedded \(\d+\.\d s\)$/m);
    expect(stderr).toMatch(/^Watching .*\. Ctrl-C ends it\.\nStopped watching\. [^\n]*$/);
  });
});

describe('index --wait', () => {
  test('waits for the other writer, says for whom, and then does its work', async () => {
    verifies('second-writer-waits');
    const folder = makeFolder(SMALL_PROJECT);
    const writer = await openLocalStore(path.join(folder, '.embed-search')).openWriter({ root: folder });
    const waiting = start(['index', '--wait', folder], { env });
    let said = '';
    waiting.stderr!.on('data', (part: Buffer) => (said += part.toString()));
    await eventually(() => said.includes(`is being written by process ${process.pid}; waiting`));
    await writer.close();
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('4 new or changed') });
  });

  test('gives up after the seconds named, and at once on Ctrl-C', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const writer = await openLocalStore(path.join(folder, '.embed-search')).openWriter({ root: folder });
    try {
      const late = await runJson(['index', folder, '--wait', '0.3'], { env });
      expect(late).toMatchObject({ exitCode: 6, document: { error: { code: 'INDEX_LOCKED' } } });
      expect(late.document.error.message).toContain(`process ${process.pid}`);

      const waiting = start(['index', folder, '--wait'], { env });
      await new Promise<void>((resolve) => waiting.stderr!.once('data', () => resolve()));
      waiting.kill('SIGINT');
      expect((await waiting).exitCode).toBe(130);
      expect((await run(['index', folder, '--wait=soon'], { env })).exitCode).toBe(2);
    } finally {
      await writer.close();
    }
  });
});

describe('what is said beside', () => {
  test('--log-level debug says what was decided of each file and what the embedder did', async () => {
    const folder = makeFolder({ ...SMALL_PROJECT, 'x.bin': Buffer.from([0, 1]), '.gitignore': 'docs/\n' });
    const { stderr, stdout } = await run(['index', folder, '--log-level', 'debug', '--json'], { env });
    for (const said of [
      'new: src/sleep.ts',
      'binary: x.bin',
      'ignored (.gitignore: docs/): docs/',
      'is ready',
      'embedded 3 of 3',
    ])
      expect(stderr).toContain(said);
    expect(stderr.split('\n').every((line) => /^\[\d+\.\d{3} s\] /.test(line))).toBe(true);
    expect(JSON.parse(stdout).ok).toBe(true);
    expect((await run(['index', folder, '--log-level', 'info'], { env })).stderr).toBe('');
  });

  test('EMBED_SEARCH_JSON asks for the document, of errors in the flags too', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const asked = { env: { ...env, EMBED_SEARCH_JSON: 'true' } };
    expect(JSON.parse((await run(['index', folder], asked)).stdout)).toMatchObject({ ok: true });
    const wrong = await run(['index', folder, '--nonsense'], asked);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ ok: false, error: { code: 'USAGE' } });
    const not = await run(['index', folder], { env: { ...env, EMBED_SEARCH_JSON: '0' } });
    expect(not.stdout).toMatch(/^Indexed /);
  });

  test.skipIf(process.platform !== 'linux')(
    'three quick Ctrl-C leave neither bar nor hidden cursor',
    async () => {
      const folder = makeFolder(
        Object.fromEntries(
          Array.from({ length: 20 }, (_, file) => [`n${file}.txt`, paragraphs(15, file + 1)]),
        ),
      );
      // A terminal without a size gets no bar; noflsh, since a terminal throws away at Ctrl-C what was written and
      // not yet read from it, and that may be what puts it in order.
      const command = `stty cols 100 noflsh; exec ${[process.execPath, cliFile, 'index', folder, '--lanes', '1'].join(' ')}`;
      const terminal = execa('script', ['-qec', command, '/dev/null'], {
        reject: false,
        extendEnv: false,
        env: { ...cleanEnvironment(), TERM: 'xterm', COLUMNS: '100' },
      });
      let shown = '';
      terminal.stdout.on('data', (part: Buffer) => (shown += part.toString()));
      await eventually(() => shown.includes('█') || shown.includes('░'));
      for (let times = 0; times < 3; times++) {
        terminal.stdin.write('\u0003');
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
      expect((await terminal).exitCode).toBe(130);
      const afterBar = shown.slice(Math.max(shown.lastIndexOf('█'), shown.lastIndexOf('░')));
      // The line is cleared whole and the cursor shown.
      expect(afterBar).toContain('\u001B[2K');
      expect(afterBar).toContain('\u001B[?25h');
    },
  );
});
