import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { addFiles, cleanEnvironment, makeFolder, projectRoot, SMALL_PROJECT } from '../e2e/cli.js';

/** `npm test` has built already: packing must not build again under the feet of other tests. */
const NO_SCRIPTS = '--ignore-scripts';

test(
  'the packed tarball installs elsewhere, indexes, answers, and serves as a typed library',
  { timeout: 300_000 },
  async () => {
    verifies('package-works-elsewhere');
    const elsewhere = makeFolder({
      'package.json': '{ "name": "elsewhere", "type": "module", "private": true }',
    });
    const npm = (args: string[], cwd: string) =>
      execa('npm', args, { cwd, env: { npm_config_loglevel: 'error' } });
    await npm(['pack', NO_SCRIPTS, '--pack-destination', elsewhere], projectRoot);
    const tarball = readdirSync(elsewhere).find((name) => name.endsWith('.tgz'));
    await npm(['install', NO_SCRIPTS, '--no-audit', '--no-fund', `./${tarball}`], elsewhere);

    const installed = path.join(elsewhere, 'node_modules/embed-search');
    expect(existsSync(path.join(installed, 'models/LICENSE-all-MiniLM-L6-v2'))).toBe(true);
    expect(existsSync(path.join(elsewhere, 'node_modules/vectra'))).toBe(false);
    expect(existsSync(path.join(elsewhere, 'node_modules/node-llama-cpp'))).toBe(false);

    const folder = path.join(elsewhere, 'project');
    mkdirSync(folder);
    addFiles(folder, SMALL_PROJECT);
    const command = path.join(elsewhere, 'node_modules/.bin/embed-search');
    const options = { cwd: folder, extendEnv: false, env: cleanEnvironment() };
    const indexed = await execa(command, ['index'], options);
    expect(indexed.stderr).toBe('');
    const asked = await execa(command, ['query', 'a pet that chases rodents', '-k', '1'], options);
    expect(asked.stdout).toContain('guide.md');

    writeFileSync(
      path.join(elsewhere, 'use.ts'),
      `import { createEmbedder, EmbedSearchError, indexFolder, openIndex, resolveModel } from 'embed-search';
import type { EmbeddingProvider, IndexOutcome, SearchHit } from 'embed-search';

const folder: string = process.argv[2] ?? '.';
const outcome: IndexOutcome = await indexFolder({ root: folder });
const index = await openIndex(folder);
const { hits } = await index.search({ text: 'due date of an invoice', limit: 1 });
const hit: SearchHit | undefined = hits[0];
await index.close();
const embedder: EmbeddingProvider = createEmbedder({ model: await resolveModel(undefined) });
const embedding = await embedder.embed('hello');
await embedder.close();
const missing = await openIndex('/').catch((error: unknown) => error instanceof EmbedSearchError && error.code);
console.log(JSON.stringify([outcome.result.files.unchanged, hit?.path, embedding.ok && embedding.vector.length, missing]));
`,
    );
    writeFileSync(
      path.join(elsewhere, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          module: 'NodeNext',
          target: 'ES2023',
          strict: true,
          exactOptionalPropertyTypes: true,
          types: ['node'],
          typeRoots: [path.join(projectRoot, 'node_modules/@types')],
        },
        files: ['use.ts'],
      }),
    );
    await execa(process.execPath, [
      path.join(projectRoot, 'node_modules/typescript/bin/tsc'),
      '-p',
      elsewhere,
    ]);
    const used = await execa(process.execPath, ['use.js', folder], { ...options, cwd: elsewhere });
    expect(JSON.parse(used.stdout)).toEqual([4, 'docs/guide.md', 384, 'INDEX_MISSING']);
    expect(used.stderr).toBe('');
  },
);

test('publint and attw find nothing to say about the tarball', async () => {
  const folder = makeFolder();
  await execa('npm', ['pack', NO_SCRIPTS, '--pack-destination', folder], { cwd: projectRoot });
  const tarball = path.join(folder, readdirSync(folder)[0]!);
  const tool = (name: string) => path.join(projectRoot, 'node_modules/.bin', name);
  await execa(tool('publint'), [tarball, '--strict'], { cwd: projectRoot });
  await execa(tool('attw'), [tarball, '--profile', 'esm-only'], { cwd: projectRoot });
});

test('every file that package.json promises is there', () => {
  const manifest = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8'));
  for (const entry of [...manifest.files, manifest.bin['embed-search'], manifest.exports['.'].types]) {
    expect(existsSync(path.join(projectRoot, entry)), entry).toBe(true);
  }
});
