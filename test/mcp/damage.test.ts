import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { addFiles, makeFolder, run, SMALL_PROJECT } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';
import { connect, type ToolResult } from './servers.js';

/** Answered by meaning alone: it shares no word with the text. */
const QUERY = { query: 'a pet that chases rodents' };

async function indexed(): Promise<{ folder: string; vectors: string }> {
  const folder = makeFolder(SMALL_PROJECT);
  expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
  return { folder, vectors: path.join(folder, '.embed-search/vectors') };
}

function expectNothingSaid({ structured, text }: ToolResult): void {
  expect(structured.state).toBe('searched');
  expect([structured.degraded, structured.warnings]).toEqual([undefined, undefined]);
  expect(text).not.toMatch(/degraded|warning/);
}

test('vectors that are gone from the disk are said by each search and by the status, until they are there again', async () => {
  verifies('lost-vectors-are-said');
  const { folder, vectors } = await indexed();
  const { call } = await connect(['--path', folder]);
  const searches = [
    () => call('search_code', QUERY),
    () => call('find_similar', { path: 'src/sleep.ts', line: 2 }),
  ];
  for (const search of searches) expectNothingSaid(await search());
  expect((await call('index_status')).structured.roots[0].warnings).toBeUndefined();

  const away = () => renameSync(vectors, `${vectors}.aside`);
  away();
  const isMissing = [expect.stringMatching(/^Shard .* it is missing/)];
  const status = await call('index_status');
  expect(status.structured.roots).toMatchObject([{ state: 'ready', warnings: isMissing }]);
  expect(status.text).toMatch(/warning: Shard .* it is missing/);
  for (const search of searches) {
    const { structured, text, isError } = await search();
    expect(isError).toBe(false);
    expect(structured).toMatchObject({
      state: 'searched',
      degraded: expect.stringContaining('missing or damaged'),
      warnings: isMissing,
    });
    expect(text).toMatch(/^degraded: /m);
    expect(text).toMatch(/^warning: Shard .* it is missing/m);
  }

  renameSync(`${vectors}.aside`, vectors);
  expect((await call('index_status')).structured.roots[0].warnings).toBeUndefined();
  for (const search of searches) expectNothingSaid(await search());

  away();
  expect((await searches[0]!()).structured.warnings).toEqual(isMissing);
  expect((await call('update_index')).structured.roots).toMatchObject([{ state: 'done' }]);
  for (const search of searches) expectNothingSaid(await search());
});

test('where a part of the vectors is gone or damaged, the others answer by meaning, and it is said', async () => {
  verifies('lost-vectors-are-said');
  const { folder, vectors } = await indexed();
  const [first] = readdirSync(vectors);
  addFiles(folder, { 'later.md': 'The walrus sleeps on the ice.\n' });
  expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
  const second = readdirSync(vectors).find((name) => name !== first)!;
  const shard = path.join(vectors, first!, 'index.shard');
  const bytes = readFileSync(shard);
  bytes[bytes.length - 100]! ^= 1; // in the last row
  writeFileSync(shard, bytes);
  rmSync(path.join(vectors, second), { recursive: true });

  const { call } = await connect(['--path', folder]);
  const { structured, text } = await call('search_code', { ...QUERY, explain: true });
  expect(structured).toMatchObject({
    state: 'searched',
    warnings: [
      expect.stringMatching(`^Shard ${second} .*it is missing`),
      expect.stringMatching(`^Shard ${first} has damaged vectors`),
    ],
  });
  expect(structured.degraded).toBeUndefined();
  expect(
    structured.hits.some((hit: { scores: { vector?: number } }) => hit.scores.vector !== undefined),
  ).toBe(true);
  expect(text).toMatch(/^warning: Shard .* has damaged vectors/m);
});
