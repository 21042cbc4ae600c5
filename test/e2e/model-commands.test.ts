import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { drip, serve, sha256, startHub } from '../catalog/hub.js';
import { verifies } from '../house/promises.js';
import { entriesWith, gguf } from '../models/gguf-writer.js';
import { shippedModelFile } from '../models/shipped.js';
import { TINY_MODELS } from '../models/tiny-models.js';
import { addFiles, cleanEnvironment, makeFolder, run, runJson, SMALL_PROJECT, start } from './cli.js';
import { eventually } from './processes.js';

/** A user's home of their own: models, configuration. */
function home(): { env: Record<string, string>; models: string; config: string } {
  const folder = makeFolder();
  const models = path.join(folder, 'models');
  mkdirSync(models);
  const env = {
    ...cleanEnvironment(),
    EMBED_SEARCH_MODELS: models,
    XDG_CONFIG_HOME: path.join(folder, 'config'),
  };
  return { env, models, config: path.join(folder, 'config', 'embed-search', 'config.json') };
}

test('model list names what is there, what is known, and what cannot be used', async () => {
  const { env, models } = home();
  writeFileSync(path.join(models, 'tiny.gguf'), gguf());
  writeFileSync(path.join(models, 'broken.gguf'), 'no model');
  const { exitCode, stderr, document } = await runJson(['model', 'list', '--known'], { env });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(document.result.folder).toBe(models);
  expect(document.result.installed).toMatchObject([
    { name: 'all-MiniLM-L6-v2.Q8_0', isShipped: true, profile: 'all-MiniLM-L6-v2', dimensions: 384 },
    { name: 'broken', isShipped: false, problem: expect.stringContaining('GGUF') },
    { name: 'tiny', isShipped: false, profile: null, dimensions: 8 },
  ]);
  expect(document.result.known.length).toBeGreaterThan(30);
  const text = await run(['model', 'list', '--known'], { env });
  expect(text.stdout).toMatch(/nomic-embed-code.*3584 dimensions.*Apache-2.0/);
  expect(text.stdout).toMatch(/broken.*cannot be used/);
});

test('model info says what will be done with a model before anything is loaded', async () => {
  const { env, models } = home();
  const shipped = await run(['model', 'info'], { env });
  expect(shipped).toMatchObject({ exitCode: 0, stderr: '' });
  expect(shipped.stdout).toMatch(/known as +all-MiniLM-L6-v2 \(Apache-2.0\), https:/);
  expect(shipped.stdout).toMatch(/lean, 1 lane +about \d+ MB of its own.*mapped/);
  writeFileSync(
    path.join(models, 'tiny.gguf'),
    gguf({ entries: entriesWith({ 'bert.pooling_type': undefined }) }),
  );
  const refused = await runJson(['model', 'info', 'tiny'], { env });
  expect(refused.exitCode).toBe(4);
  expect(refused.document.error).toMatchObject({
    code: 'MODEL_UNSUITABLE',
    fix: expect.stringContaining('--pooling'),
  });
  const said = await runJson(
    ['model', 'info', 'tiny', '--pooling', 'cls', '--query-prefix', 'q: ', '--dimensions', '8'],
    { env },
  );
  expect(said.document.result).toMatchObject({
    pooling: 'cls',
    queryPrefix: 'q: ',
    dimensions: 8,
    profile: null,
  });
  expect(said.document.warnings.join()).toMatch(/no prefix before documents/);
});

test('model use writes the configuration that a new index takes; a flag and a variable go over it', async () => {
  const { env, models, config } = home();
  const folder = makeFolder(SMALL_PROJECT);
  symlinkSync(shippedModelFile(), path.join(models, 'mine.gguf'));
  const used = await run(['model', 'use', 'mine'], { env, cwd: folder });
  expect(used).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual({ model: 'mine' });
  const indexed = await runJson(['index'], { env, cwd: folder });
  expect(indexed.document).toMatchObject({ ok: true, result: { model: { dimensions: 384 } }, warnings: [] });
  // The index keeps its model, whatever is configured later.
  expect((await run(['model', 'use', 'nothing-of-that-name'], { env })).exitCode).toBe(4);
  writeFileSync(config, '{"model": "gone", "limit": 1}');
  const asked = await runJson(['query', 'a pet that hunts', '--mode', 'vector'], { env, cwd: folder });
  expect(asked.document).toMatchObject({ ok: true });
  expect(asked.document.result.hits).toHaveLength(1);
  const two = await runJson(['query', 'a pet', '-k', '2'], { env, cwd: folder });
  expect(two.document.result.hits).toHaveLength(2);
  const variable = await runJson(['query', 'a pet'], {
    env: { ...env, EMBED_SEARCH_LIMIT: '2' },
    cwd: folder,
  });
  expect(variable.document.result.hits).toHaveLength(2);
});

test('a configuration file may say a size with its unit, and the least score of a hit', async () => {
  const { env } = home();
  const settings = { 'max-file-size': '1K', 'min-score': 1 };
  const folder = makeFolder({
    ...SMALL_PROJECT,
    'large.txt': 'wombat '.repeat(200),
    'embed-search.config.json': JSON.stringify(settings),
  });
  const indexed = await runJson(['index', folder], { env });
  expect(indexed.document.result.skipped).toMatchObject([{ path: 'large.txt', reason: 'too-large' }]);
  const ask = ['query', 'a small animal that purrs', '--path', folder];
  expect((await runJson(ask, { env })).document.result.hits).toEqual([]);
  expect((await runJson([...ask, '--min-score', '0'], { env })).document.result.hits).not.toEqual([]);
});

test('the configuration of a project is taken, and cannot make us read, fetch or run anything', async () => {
  verifies('project-cannot-reach-out');
  const { env } = home();
  const folder = makeFolder({ ...SMALL_PROJECT, 'embed-search.config.json': '{"exclude": ["src/**"]}' });
  const planned = await runJson(['index', folder, '--dry-run'], { env });
  expect(planned.document.result.changed.toSorted()).toEqual(['docs/guide.md', 'embed-search.config.json']);
  // A file of the project that has the model's name is not the model.
  addFiles(folder, { 'evil.gguf': gguf(), evil: gguf(), 'embed-search.config.json': '{"model": "evil"}' });
  const indexed = await runJson(['index', '.'], { env, cwd: folder });
  expect(indexed).toMatchObject({ exitCode: 4 });
  expect(indexed.document.error).toMatchObject({
    code: 'MODEL_MISSING',
    fix: expect.stringContaining('model pull evil'),
  });
  writeFileSync(path.join(folder, 'embed-search.config.json'), '{"indexdir": "/tmp"}');
  const refused = await runJson(['index', folder], { env });
  expect(refused).toMatchObject({ exitCode: 2 });
  expect(refused.document.error.code).toBe('CONFIG_INVALID');
});

test('model pull fetches, is asked twice for nothing', async () => {
  verifies('pull-whole-or-not');
  const { env, models } = home();
  const file = readFileSync(shippedModelFile());
  const hub = await startHub(serve(file, { 'x-linked-etag': `"${sha256(file)}"` }));
  const endpoint = { ...env, HF_ENDPOINT: hub.address };
  const pulled = await run(['model', 'pull', 'hf:owner/repo/small.gguf'], { env: endpoint });
  expect(pulled).toMatchObject({ exitCode: 0, stderr: '' });
  expect(pulled.stdout).toContain('--model small');
  expect(hub.asked).toEqual([{ url: '/owner/repo/resolve/main/small.gguf' }]);
  expect(existsSync(path.join(models, 'small.gguf'))).toBe(true);
  const again = await runJson(['model', 'pull', 'hf:owner/repo/small.gguf'], { env: endpoint });
  expect(again.document.result).toMatchObject({ wasThere: true, sha256: sha256(file) });
  const wrong = await runJson(['model', 'pull', 'no-such-model'], { env: endpoint });
  expect(wrong).toMatchObject({ exitCode: 4 });
  const folder = makeFolder({ 'a.md': '# A cat\n' });
  const used = await runJson(['index', folder, '--model', 'small'], { env });
  expect(used.document).toMatchObject({ ok: true, warnings: [] });
});

test('Ctrl-C during model pull exits 130 and keeps what came, without a lock', async () => {
  const { env, models } = home();
  const hub = await startHub(drip(readFileSync(shippedModelFile())));
  const running = start(['model', 'pull', `${hub.address}/slow.gguf`], { env });
  const part = path.join(models, 'slow.gguf.part');
  await eventually(() => existsSync(part) && statSync(part).size > 1000);
  running.kill('SIGINT');
  expect(await running).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('SIGINT') });
  expect(readdirSync(models).toSorted()).toEqual(['slow.gguf.part', 'slow.gguf.part.json']);
});

test('what is said of a model is part of the index, and is remembered', async () => {
  const { env } = home();
  const folder = makeFolder({ 'a.md': '# A cat\n\nIt purrs.\n' });
  const first = await runJson(['index', folder, '--pooling', 'cls', '--query-prefix', 'find: '], { env });
  expect(first.document).toMatchObject({ ok: true });
  expect(await runJson(['index', folder], { env })).toMatchObject({ exitCode: 0 });
  expect((await runJson(['query', 'cat', '--path', folder, '--mode', 'vector'], { env })).exitCode).toBe(0);
  for (const args of [
    ['index', folder, '--pooling', 'mean'],
    ['query', 'cat', '--path', folder, '--query-prefix', ''],
  ]) {
    const other = await runJson(args, { env });
    expect(other.exitCode, args.join(' ')).toBe(3);
    expect(other.document.error.code).toBe('INDEX_OTHER_SETTINGS');
  }
});

test('a model whose tokenizer spells every letter gets all of its text, split where it is too long, and cut vectors', async () => {
  verifies('no-text-cut');
  const { env, models } = home();
  // Chunks are measured with the shipped vocabulary: 120 of its tokens are 500 letters, and this model takes 256.
  const letters = TINY_MODELS.find(({ architecture }) => architecture === 'qwen3')!;
  writeFileSync(path.join(models, 'letters.gguf'), letters.bytes());
  const prose =
    'Extraordinary misunderstandings notwithstanding, international correspondents congratulated themselves. ';
  const folder = makeFolder({ 'long.md': `# Long\n\n${prose.repeat(40)}\n` });
  const indexed = await runJson(['index', folder, '--model', 'letters', '--dimensions', '32'], { env });
  expect(indexed.document).toMatchObject({
    ok: true,
    result: { model: { dimensions: 32 }, quarantined: [] },
  });
  const { total, withVectors } = indexed.document.result.chunks;
  expect(withVectors).toBe(total);
  expect(total).toBeGreaterThan(15);
  expect(indexed.document.warnings.join()).toMatch(/not among the models known here.*Matryoshka/s);
  const asked = await runJson(['query', 'correspondents', '--path', folder, '--mode', 'vector'], { env });
  expect(asked.document.result.hits.length).toBeGreaterThan(0);
});
