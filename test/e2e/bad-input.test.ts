import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { type Entry, gguf } from '../models/gguf-writer.js';
import { cleanEnvironment, makeFolder, projectRoot, run, runJson, SMALL_PROJECT } from './cli.js';

const shippedModel = path.join(projectRoot, 'models/all-MiniLM-L6-v2.Q8_0.gguf');

describe('usage', () => {
  test.each([
    [['query', 'x', '--pth', '.'], 'Did you mean --path?'],
    [['query', ''], 'The query is empty.'],
    [['query', '   '], 'The query is empty.'],
    [['query'], 'The query is missing.'],
    [['query', 'x', '--limit', 'ten'], '--limit: Expected an integer'],
    [['query', 'x', '--limit', '0'], '--limit'],
    [['query', 'x', '--mode', 'best'], 'hybrid, vector, lexical'],
    [['query', 'a', 'b'], 'Unexpected argument: b'],
    [['index', '/no/such/folder'], 'There is no folder /no/such/folder.'],
    [['index', cliPath()], 'is a file, not a folder'],
    [['index', '--max-file-size', 'big'], 'takes a number of bytes'],
  ])('%j is a usage error with a sentence', async (args, sentence) => {
    verifies('errors-say-what-next');
    const { exitCode, stdout, stderr } = await run(args, { cwd: makeFolder() });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('a usage error with --json is one document and the same exit code', async () => {
    const { exitCode, stderr, document } = await runJson(['query', 'x', '--pth', '.']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' });
    expect(document).toEqual({
      ok: false,
      error: { code: 'USAGE', message: 'There is no flag --pth.', fix: expect.stringContaining('--path') },
      warnings: [],
    });
  });

  test('an unknown command names the nearest one and exits with 127', async () => {
    const ran = await run(['qurey', 'x']);
    expect(ran).toMatchObject({ exitCode: 127, stdout: '' });
    expect(ran.stderr).toContain('Did you mean embed-search query?');
    const { exitCode, document } = await runJson(['qurey', 'x']);
    expect(exitCode).toBe(127);
    expect(document.error.code).toBe('COMMAND_UNKNOWN');
  });

  test.each([
    [['model', 'lst'], 'There is no command "model lst".', 'embed-search model list?'],
    [['serch', 'x'], 'There is no command "serch".', 'embed-search query?'],
    [['mcp'], 'There is no command "mcp".', 'embed-search serve-mcp?'],
    [['constructr'], 'There is no command "constructr".', undefined],
    [['constructor'], 'There is no command "constructor".', undefined],
  ])('%j is understood as far as can be', async (args, sentence, suggestion) => {
    const { exitCode, stderr } = await run(args);
    expect(exitCode).toBe(127);
    expect(stderr).toContain(sentence);
    if (suggestion === undefined) expect(stderr).not.toContain('Did you mean');
    else expect(stderr).toContain(`Did you mean ${suggestion}`);
  });

  test('a wrong value says what the flag takes, and nothing of how flags are parsed', async () => {
    const { exitCode, stderr } = await run(['query', 'x', '--min-score', '7']);
    expect(exitCode).toBe(2);
    expect(stderr.split('\n')[0]).toBe('Error: --min-score takes a number from 0 to 1, not "7".');
  });

  test('a misspelled environment variable is said by every command, and one of something else is not', async () => {
    const env = { ...cleanEnvironment(), EMBED_SEARCH_MODLE: 'x', EMBED_SEARCHER_OF_ANOTHER_KIND: 'y' };
    const { stderr } = await run(['model', 'list'], { env });
    expect(stderr).toBe(
      'Warning: EMBED_SEARCH_MODLE is set, but not read by anything. Did you mean EMBED_SEARCH_MODEL?',
    );
  });

  test('a wrong value in an environment variable is a usage error too', async () => {
    const { exitCode, stderr } = await run(['query', 'x'], {
      env: { ...process.env, EMBED_SEARCH_LIMIT: 'ten' },
    });
    expect(exitCode).toBe(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

function cliPath(): string {
  return path.join(projectRoot, 'package.json');
}

describe('no index', () => {
  test('query and status exit with 3 and name the command that makes one', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    for (const args of [['query', 'x'], ['status']]) {
      const { exitCode, stdout, stderr } = await run([...args, '--path', folder]);
      expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
      expect(stderr).toContain(`embed-search index ${folder}`);
    }
    expect(existsSync(path.join(folder, '.embed-search'))).toBe(false);
  });

  test.skipIf(process.getuid?.() !== 0)('one that may not be read is not called missing', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    chmodSync(folder, 0o755);
    mkdirSync(path.join(folder, '.embed-search'), { mode: 0o700 });
    const env = { ...cleanEnvironment(), HOME: folder };
    for (const args of [['query', 'x'], ['status']]) {
      const { exitCode, stderr } = await run([...args, '--path', folder], { uid: 65_534, env });
      expect(exitCode).toBe(8);
      expect(stderr).toMatch(/^Error: Cannot look into the index .*permission/iu);
    }
  });
});

const GENERATIVE: Entry[] = [
  ['general.architecture', 'string', 'llama'],
  ['llama.context_length', 'u32', 4096],
  ['llama.embedding_length', 'u32', 3584],
  ['tokenizer.ggml.model', 'string', 'gpt2'],
];

describe('a model that cannot be used', () => {
  const broken: Record<string, (file: string) => void> = {
    'is missing': () => {},
    'is truncated': (file) => {
      copyFileSync(shippedModel, file);
      truncateSync(file, 12_000_000);
    },
    'is a generative one': (file) => writeFileSync(file, gguf({ entries: GENERATIVE })),
    'is not GGUF': (file) => writeFileSync(file, 'this is no model\n'.repeat(100)),
  };
  for (const [what, make] of Object.entries(broken)) {
    test(`${what}: index commits the words and exits 4, query answers from words, vector mode exits 4`, async () => {
      verifies('no-model-still-words');
      const folder = makeFolder(SMALL_PROJECT);
      const model = path.join(makeFolder(), 'broken.gguf');
      make(model);
      const indexed = await runJson(['index', folder, '--model', model]);
      expect(indexed.exitCode).toBe(4);
      expect(indexed.document).toMatchObject({
        ok: false,
        error: { code: expect.stringMatching(/^MODEL_/) },
      });
      expect(indexed.document.error.message).toContain('broken.gguf');
      expect(indexed.document.result.chunks.total).toBeGreaterThan(3);

      const hybrid = await runJson(['query', 'retry upload', '--path', folder]);
      expect(hybrid.exitCode).toBe(0);
      expect(hybrid.document.result.degraded.reason).toContain('broken.gguf');
      expect(hybrid.document.result.hits[0].path).toBe('src/upload.ts');

      const vector = await runJson(['query', 'retry upload', '--path', folder, '--mode', 'vector']);
      expect(vector.exitCode).toBe(4);
      expect(vector.document.ok).toBe(false);

      const mended = await runJson(['index', folder]);
      expect(mended.document).toMatchObject({ ok: true, result: { files: { indexed: 0, unchanged: 4 } } });
      expect(mended.document.result.chunks.embedded).toBe(mended.document.result.chunks.total);
    });
  }

  test('a model that vanishes after indexing degrades a query and says so on stderr', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const model = path.join(makeFolder(), 'mine.gguf');
    copyFileSync(shippedModel, model);
    expect((await run(['index', folder, '--model', model])).exitCode).toBe(0);
    writeFileSync(model, 'gone');
    const hybrid = await run(['query', 'retry upload', '--path', folder]);
    expect(hybrid.exitCode).toBe(0);
    expect(hybrid.stdout).toContain('upload.ts');
    expect(hybrid.stderr).toContain('Words alone answered');
    expect((await run(['query', 'retry upload', '--path', folder, '--mode', 'vector'])).exitCode).toBe(4);
  });
});

describe('files that are not for indexing', () => {
  test('none of them stops a run, and --dry-run names each with its reason', async () => {
    verifies('odd-files-do-not-stop-a-run');
    verifies('reason-for-every-omission');
    verifies('secrets-left-out');
    const folder = makeFolder({
      ...SMALL_PROJECT,
      'big.txt': Buffer.alloc(100 * 1024 * 1024, 'a line of text\n'),
      'app.min.js': `var a=1;${'function b(){return a}'.repeat(5000)}`,
      'data.bin': Buffer.from([1, 2, 0, 4, 5, 0]),
      'invalid.txt': Buffer.from([0x63, 0x61, 0x66, 0xe9, 0x20, 0x6f, 0x6b, 0x0a]),
      'line\nbreak.md': '# A name with a line break\n',
      '-rf.md': '# A name like a flag\n',
      '🚀.md': '# A rocket\n',
      'empty.md': '',
      '.env': 'SECRET=1\n',
      'server.pem': '-----BEGIN KEY-----\n',
      'node_modules/x/index.js': 'module.exports = 1;\n',
    });
    const dry = (await runJson(['index', folder, '--dry-run'])).document.result;
    expect(existsSync(path.join(folder, '.embed-search'))).toBe(false);
    const reasons = Object.fromEntries(
      dry.skipped.map((entry: { path: string; reason: string }) => [entry.path, entry.reason]),
    );
    expect(reasons).toMatchObject({
      'big.txt': 'too-large',
      'app.min.js': 'minified',
      'data.bin': 'binary',
      '.env': 'secret',
      'server.pem': 'secret',
      'node_modules/': 'ignored',
    });
    const { exitCode, stderr, document } = await runJson(['index', folder]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(
      document.result.files.seen -
        document.result.skipped.filter((entry: { reason: string }) =>
          ['minified', 'binary'].includes(entry.reason),
        ).length,
    ).toBe(document.result.files.indexed);
    for (const name of ['line\nbreak.md', '-rf.md', '🚀.md', 'invalid.txt']) {
      const found = (
        await runJson([
          'query',
          name.replace(/\W/g, ' ') + ' name rocket café',
          '--path',
          folder,
          '--glob',
          name.replace('\n', '?'),
        ])
      ).document.result;
      expect(found.hits[0]?.path).toBe(name);
    }
  });

  test.skipIf(process.getuid?.() === 0)('a file that may not be read is named in a warning', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    chmodSync(path.join(folder, 'docs/guide.md'), 0);
    const { exitCode, document } = await runJson(['index', folder]);
    expect(exitCode).toBe(0);
    expect(document.warnings[0]).toContain('docs/guide.md');
  });
});

describe('an index that is there already', () => {
  test('another model is refused with exit 3 and loses nothing; --rebuild takes it', async () => {
    verifies('models-never-mix');
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const other = path.join(makeFolder(), 'other.gguf');
    copyFileSync(shippedModel, other);
    // The same weights with one byte of the licence text changed: another file, another identity.
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(other);
    const at = bytes.indexOf('apache-2.0');
    bytes.write('apache-2.1', at);
    writeFileSync(other, bytes);

    const refused = await runJson(['index', folder, '--model', other]);
    expect(refused.exitCode).toBe(3);
    expect(refused.document.error.code).toBe('INDEX_OTHER_MODEL');
    const asked = await runJson(['query', 'retry upload', '--path', folder, '--model', other]);
    expect(asked.exitCode).toBe(3);
    expect((await runJson(['query', 'retry upload', '--path', folder])).document.result.hits).not.toEqual([]);

    const rebuilt = await runJson(['index', folder, '--model', other, '--rebuild']);
    expect(rebuilt.document).toMatchObject({ ok: true, result: { files: { indexed: 4 } } });
    expect((await runJson(['query', 'retry upload', '--path', folder])).document.ok).toBe(true);
  });

  test('a folder that has moved keeps its index', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    await run(['index', folder]);
    const moved = path.join(makeFolder(), 'elsewhere');
    renameSync(folder, moved);
    const { document } = await runJson(['query', 'retry upload', '--path', moved]);
    expect(document.result.hits[0].path).toBe('src/upload.ts');
    const again = (await runJson(['index', moved])).document.result;
    expect(again).toMatchObject({
      root: moved,
      files: { indexed: 0, unchanged: 4 },
      chunks: { embedded: 0 },
    });
  });
});
