import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { makeFolder, runJson, SMALL_PROJECT } from './cli.js';

test('a byte that flips in a shard costs its vector, which is said, and the next run makes it again and says so', async () => {
  const folder = makeFolder(SMALL_PROJECT);
  expect((await runJson(['index', folder])).exitCode).toBe(0);
  const ask = () => runJson(['query', 'an animal that meows', '--mode', 'vector', '--path', folder]);
  const before = (await ask()).document;
  expect(before.warnings ?? []).toEqual([]);

  const vectors = path.join(folder, '.embed-search', 'vectors');
  const shard = path.join(vectors, readdirSync(vectors)[0]!, 'index.shard');
  const bytes = readFileSync(shard);
  bytes[bytes.length - 100]! ^= 1; // in the last row
  writeFileSync(shard, bytes);
  const damaged = (await ask()).document;
  expect(damaged.ok).toBe(true);
  expect(damaged.result.hits).toHaveLength(before.result.hits.length - 1);
  expect(damaged.warnings).toEqual([expect.stringMatching(/damaged/u)]);

  const healed = (await runJson(['index', folder])).document;
  expect(healed).toMatchObject({ ok: true, result: { chunks: { embedded: 1 } } });
  expect(healed.warnings).toEqual([expect.stringMatching(/1 .*damaged/u)]);
  const after = (await ask()).document;
  expect(after.warnings ?? []).toEqual([]);
  expect(after.result.hits).toEqual(before.result.hits);
  expect((await runJson(['index', folder])).document.warnings ?? []).toEqual([]);
});

test('vectors that are all gone are said by queries and status: words answer, or it is an error; the next run makes them again', async () => {
  verifies('lost-vectors-are-said');
  const folder = makeFolder(SMALL_PROJECT);
  expect((await runJson(['index', folder])).exitCode).toBe(0);
  expect((await runJson(['status', '--path', folder])).document.warnings).toEqual([]);
  const vectors = path.join(folder, '.embed-search', 'vectors');
  renameSync(vectors, `${vectors}.aside`);

  const isMissing = [expect.stringMatching(/^Shard .* it is missing\..*`embed-search index`/u)];
  const queries = [['a pet that chases rodents'], ['--like', `${folder}/src/sleep.ts:1`]];
  for (const query of queries) {
    const ask = (mode: string) => runJson(['query', ...query, '--mode', mode, '--path', folder]);
    const degraded = { reason: expect.stringContaining('missing or damaged') };
    expect(await ask('hybrid')).toMatchObject({
      exitCode: 0,
      document: { result: { degraded }, warnings: isMissing },
    });
    expect(await ask('vector')).toMatchObject({
      exitCode: 3,
      document: {
        ok: false,
        error: { code: 'INDEX_DAMAGED', fix: expect.stringMatching(/embed-search index$/u) },
      },
    });
    const { document } = await ask('lexical');
    expect(document.result.degraded).toBeUndefined();
  }
  expect((await runJson(['status', '--path', folder])).document.warnings).toEqual(isMissing);

  expect((await runJson(['index', folder])).exitCode).toBe(0);
  const { document } = await runJson(['query', ...queries[0]!, '--mode', 'vector', '--path', folder]);
  expect(document.result.hits[0].path).toBe('docs/guide.md');
  expect(document.warnings).toEqual([]);
  expect((await runJson(['status', '--path', folder])).document.warnings).toEqual([]);
});

test('a text of the database that is no text any more is an error with its fix, never the end of the process', async () => {
  const folder = makeFolder(SMALL_PROJECT);
  expect((await runJson(['index', folder])).exitCode).toBe(0);
  const database = path.join(folder, '.embed-search', 'index.db');
  const bytes = readFileSync(database);
  const name = Buffer.from('src/sleep.ts');
  for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name, at + 1)) bytes[at]! ^= 0x80;
  writeFileSync(database, bytes);

  for (const args of [
    ['query', 'sleep', '--mode', 'lexical', '--path', folder],
    ['status', '--path', folder],
  ]) {
    const ran = await runJson(args);
    expect(ran).toMatchObject({ exitCode: 3, document: { error: { code: 'INDEX_DAMAGED' } } });
  }
  const healed = await runJson(['index', folder]);
  expect(healed).toMatchObject({ exitCode: 0, document: { result: { chunks: { embedded: 0 } } } });
  const { document } = await runJson(['query', 'sleep', '--mode', 'lexical', '--path', folder]);
  expect(document.result.hits[0].path).toBe('src/sleep.ts');
});
