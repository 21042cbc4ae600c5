import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { shippedModelPath } from '#dist/lib/models/resolve-model.js';
import { addFiles, cleanEnvironment, makeFolder, run, SMALL_PROJECT } from '../e2e/cli.js';
import { childrenOf, eventually, isAlive } from '../e2e/processes.js';
import { fill, makeDisk } from '../e2e/small-disk.js';
import { standIn } from '../embedder/models.js';
import { verifies } from '../house/promises.js';
import { connect, RawServer } from './servers.js';

function withEmbedder(program: string): Record<string, string> {
  const overrides = JSON.stringify({ childProgram: standIn(program) });
  return { ...cleanEnvironment(), NODE_ENV: 'test', EMBED_SEARCH_TEST_EMBEDDER: overrides };
}

async function indexed(files: Record<string, string> = SMALL_PROJECT): Promise<string> {
  const folder = makeFolder(files);
  expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
  return folder;
}

describe('without an embedder that works', () => {
  test('the first search is answered from words while it starts, and says so', async () => {
    verifies('mcp-words-at-once');
    const { call } = await connect(['--path', await indexed(), '--embedder-wait', '100'], {
      env: withEmbedder('never-ready'),
    });
    const { structured, text } = await call('search_code', { query: 'retryUpload' });
    expect(structured).toMatchObject({ degraded: 'embedder starting', hits: [{ path: 'src/upload.ts' }] });
    expect(text).toContain('degraded: embedder starting');
    expect((await call('index_status')).structured.embedder.state).toBe('starting');
  });

  test('that cannot start at all, words answer each time and the reason is told', async () => {
    const { call } = await connect(['--path', await indexed()], {
      env: withEmbedder('exits-while-starting'),
    });
    for (let round = 0; round < 3; round++) {
      const { structured } = await call('search_code', { query: 'retryUpload' });
      expect(structured).toMatchObject({ state: 'searched', hits: [{ path: 'src/upload.ts' }] });
      expect(structured.degraded).toMatch(/embedder/);
    }
  });

  test('killed in the middle of calls, each of them is answered', async () => {
    verifies('mcp-never-blocked');
    const { call, pid, stderr } = await connect(['--path', await indexed()]);
    await call('search_code', { query: 'warm up' });
    for (let round = 0; round < 3; round++) {
      const calls = Array.from({ length: 20 }, (_, number) =>
        call('search_code', { query: `upload ${round} ${number}` }),
      );
      const [embedder] = childrenOf(pid);
      if (embedder !== undefined) process.kill(embedder, 'SIGKILL');
      for (const { structured } of await Promise.all(calls))
        expect(structured.hits.length).toBeGreaterThan(0);
    }
    expect(stderr()).toBe('');
  });

  test('whose model file is gone, words answer; back again, so does the embedder', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const model = path.join(makeFolder(), 'other-name.gguf');
    copyFileSync(shippedModelPath(), model);
    // Another model by its hash, so that the shipped one cannot stand in for it.
    writeFileSync(model, Buffer.alloc(16), { flag: 'a' });
    expect(await run(['index', folder, '--model', model])).toMatchObject({ exitCode: 0 });
    const aside = `${model}.aside`;
    cpSync(model, aside, { preserveTimestamps: true });
    rmSync(model);
    const { call } = await connect(['--path', folder]);
    const without = await call('search_code', { query: 'retryUpload' });
    expect(without.structured).toMatchObject({ state: 'searched', hits: [{ path: 'src/upload.ts' }] });
    expect(without.structured.degraded).toContain(model);
    cpSync(aside, model, { preserveTimestamps: true });
    await eventually(
      async () => (await call('search_code', { query: 'retryUpload' })).structured.degraded === undefined,
    );
  });

  test('it is started when a client lists the tools, with --lazy at the first search, once for all, and unloaded when idle', async () => {
    const folder = await indexed();
    const env = { ...cleanEnvironment(), EMBED_SEARCH_IDLE_SECONDS: '1' };
    const eager = await connect(['--path', folder], { env });
    expect(childrenOf(eager.pid)).toEqual([]);
    await eager.client.listTools();
    await eventually(() => childrenOf(eager.pid).length === 1);
    await Promise.all(Array.from({ length: 10 }, () => eager.call('search_code', { query: 'sleep' })));
    const [embedder] = childrenOf(eager.pid);
    expect(childrenOf(eager.pid)).toHaveLength(1);
    await eventually(() => !isAlive(embedder!));
    expect((await eager.call('search_code', { query: 'sleep' })).structured.degraded).toBeUndefined();

    const lazy = await connect(['--path', folder, '--lazy'], { env });
    await lazy.client.listTools();
    await delay(500);
    expect(childrenOf(lazy.pid)).toEqual([]);
    await lazy.call('search_code', { query: 'sleep' });
    expect(childrenOf(lazy.pid)).toHaveLength(1);
  });
});

describe('an index that is', () => {
  test('missing is an answer with the fix, never "nothing found"; once made, it is found', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const { client, call, stderr } = await connect(['--path', folder]);
    expect(client.getInstructions()).toContain('not indexed yet');
    for (const tool of ['search_code', 'find_similar']) {
      const args = tool === 'search_code' ? { query: 'retryUpload' } : { path: 'src/sleep.ts', line: 1 };
      const { structured, text, isError } = await call(tool, args);
      expect(isError).toBe(false);
      expect(structured).toMatchObject({
        state: 'not-indexed',
        hits: [],
        fix: expect.stringContaining('update_index'),
      });
      expect(text).toMatch(/^NOT SEARCHED/);
      expect(text.toLowerCase()).not.toContain('nothing found');
    }
    expect((await call('index_status')).structured.roots).toMatchObject([{ state: 'not-indexed' }]);
    expect((await call('update_index')).structured.roots).toMatchObject([
      { state: 'done', files: { indexed: 4 } },
    ]);
    const found = await call('search_code', { query: 'a pet that chases rodents' });
    expect(found.structured.hits[0]).toMatchObject({ path: 'docs/guide.md' });
    expect(stderr()).toBe('');
  });

  test('missing with --auto-index is made by the first search, which is answered from words', async () => {
    const { call } = await connect(['--path', makeFolder(SMALL_PROJECT), '--auto-index']);
    const { structured } = await call('search_code', { query: 'retryUpload' });
    expect(structured).toMatchObject({ state: 'searched', hits: [{ path: 'src/upload.ts' }] });
    await eventually(async () => (await call('index_status')).structured.roots[0].state === 'ready');
    expect((await call('search_code', { query: 'retryUpload' })).structured.coverage).toMatchObject({
      withVectors: structured.coverage.chunks,
    });
  });

  test('deleted, replaced, or damaged under the server is told as what it is, call by call', async () => {
    verifies('mcp-never-blocked');
    const folder = await indexed();
    const other = await indexed({ ...SMALL_PROJECT, 'other.txt': 'A walrus sleeps on the ice.\n' });
    const index = path.join(folder, '.embed-search');
    const { call } = await connect(['--path', folder]);
    const ask = () => call('search_code', { query: 'walrus sleep' });
    expect((await ask()).structured.state).toBe('searched');
    rmSync(index, { recursive: true });
    expect((await ask()).structured.state).toBe('not-indexed');
    addFiles(folder, { 'other.txt': 'A walrus sleeps on the ice.\n' });
    cpSync(path.join(other, '.embed-search'), index, { recursive: true });
    const replaced = await ask();
    expect(replaced.structured.hits).toContainEqual(expect.objectContaining({ path: 'other.txt' }));
    rmSync(index, { recursive: true });
    mkdirSync(index);
    writeFileSync(
      path.join(index, 'index.db'),
      'this is no database, and longer than a header of one is'.repeat(50),
    );
    const damaged = await ask();
    expect(damaged).toMatchObject({ isError: true, text: expect.stringContaining('INDEX_DAMAGED') });
    expect((await call('index_status')).structured.roots).toMatchObject([
      { state: 'unusable', error: { code: 'INDEX_DAMAGED' } },
    ]);
    rmSync(index, { recursive: true });
    await call('update_index');
    expect((await ask()).structured.state).toBe('searched');
  });
});

describe('update_index', () => {
  const MANY = Object.fromEntries(
    Array.from({ length: 60 }, (_, file) => [
      `notes/${file}.txt`,
      `Note ${file} about herons and tides.\n`.repeat(80),
    ]),
  );

  test('tells how far it is, and a second call joins the run that is on', async () => {
    const { call } = await connect(['--path', makeFolder(MANY)]);
    const told: { progress: number }[] = [];
    const first = call(
      'update_index',
      {},
      { onprogress: (progress: { progress: number }) => told.push(progress) },
    );
    await eventually(() => told.length > 0);
    expect((await call('index_status')).structured.roots[0].state).toBe('being-indexed');
    const [one, two] = await Promise.all([first, call('update_index')]);
    expect(two.structured.roots).toEqual(one.structured.roots);
    expect(one.structured.roots).toMatchObject([{ state: 'done', files: { indexed: 60 } }]);
    for (let at = 1; at < told.length; at++)
      expect(told[at]!.progress).toBeGreaterThan(told[at - 1]!.progress);
  });

  test('stops when nobody wants it any more, keeps what is done, and its process is gone', async () => {
    const folder = makeFolder(MANY);
    const server = new RawServer(['--path', folder, '--lazy']).read();
    await server.initialize();
    const requestId = server.send('tools/call', {
      name: 'update_index',
      arguments: {},
      _meta: { progressToken: 1 },
    });
    await server.message(
      ({ method, params }) =>
        method === 'notifications/progress' && params.message.includes('can be searched'),
    );
    expect(childrenOf(server.process.pid!)).toHaveLength(1);
    server.notify('notifications/cancelled', { requestId });
    await eventually(() => childrenOf(server.process.pid!).length === 0);
    const { structuredContent } = (await server.call('search_code', { query: 'herons', limit: 1 })).result;
    expect(structuredContent).toMatchObject({ state: 'searched', hits: [expect.anything()] });
    expect(structuredContent.coverage.withVectors).toBeLessThan(structuredContent.coverage.chunks);
  });

  test('says who holds the index when another run does for long', async () => {
    const folder = makeFolder(SMALL_PROJECT);
    const writer = await openLocalStore(path.join(folder, '.embed-search')).openWriter({ root: folder });
    try {
      const { call } = await connect(['--path', folder, '--lazy']);
      const { structured } = await call('update_index');
      const message = expect.stringContaining(`process ${process.pid}`);
      const error = { code: 'INDEX_LOCKED', message };
      expect(structured.roots).toMatchObject([{ state: 'failed', error }]);
    } finally {
      await writer.close();
    }
  });

  test('ends with the server', async () => {
    const server = new RawServer(['--path', makeFolder(MANY), '--lazy']).read();
    await server.initialize();
    server.send('tools/call', { name: 'update_index', arguments: {}, _meta: { progressToken: 1 } });
    await server.message(({ method }) => method === 'notifications/progress');
    const [run] = childrenOf(server.process.pid!);
    server.process.kill('SIGKILL');
    await eventually(() => !isAlive(run!), 2);
  });
});

test('on a full disk searches are answered from what is there, and an update says what is wrong', async (context) => {
  verifies('mcp-never-blocked');
  const disk = makeDisk(4);
  if (disk === undefined)
    return context.skip('only root on Linux, where it may mount, can make a small disk');
  const folder = makeFolder(SMALL_PROJECT);
  const indexDir = path.join(disk, 'index');
  expect(await run(['index', folder, '--index-dir', indexDir])).toMatchObject({ exitCode: 0 });
  const { call, stderr } = await connect(['--path', folder, '--index-dir', indexDir]);
  await call('search_code', { query: 'warm up' });
  fill(disk, 16);
  addFiles(folder, { 'new.txt': 'A word that was nowhere before: flumadiddle.\n' });
  const { structured } = await call('search_code', { query: 'retryUpload' });
  expect(structured.state).toBe('searched');
  expect(structured.hits[0]).toMatchObject({ path: 'src/upload.ts' });
  const { roots } = (await call('update_index')).structured;
  expect(roots).toMatchObject([{ state: 'failed', error: { code: 'NO_SPACE', fix: expect.any(String) } }]);
  expect(stderr()).toBe('');
});
