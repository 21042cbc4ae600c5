import { existsSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { indexInProcess } from '#dist/lib/indexing/index-process.js';
import { liveSessions } from '#dist/lib/diagnostics/sessions.js';
import { IndexedRoot } from '#dist/lib/mcp/indexed-root.js';
import { SharedEmbedders } from '#dist/lib/search/shared-embedders.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { addFiles, makeFolder, run } from '../e2e/cli.js';
import { childrenOf, eventually } from '../e2e/processes.js';
import { connect } from './servers.js';

test('an update goes to the index that is searched, by the rules that it was made by', async () => {
  const base = realpathSync(
    makeFolder({ 'src/a.txt': 'Herons stand.\n', 'src/drafts/b.txt': 'Drafts.\n', 'lib/c.txt': 'Tides.\n' }),
  );
  expect(await run(['index', base, '--exclude', 'drafts/', '--exclude', '**/drafts/**'])).toMatchObject({
    exitCode: 0,
  });
  const { call, pid } = await connect(['--path', path.join(base, 'src')]);
  addFiles(base, { 'src/d.txt': 'Kingfishers dive.\n' });
  const { structured } = await call('update_index');
  expect(structured.roots).toMatchObject([{ state: 'done', files: { seen: 3, indexed: 1, removed: 0 } }]);
  expect(existsSync(path.join(base, 'src/.embed-search'))).toBe(false);

  await call('search_code', { query: 'herons' });
  const indexDir = path.join(base, '.embed-search');
  await eventually(async () => (await liveSessions(indexDir)).some((session) => session.pid === pid));
});

test('a folder without an index is indexed by its own configuration file', async () => {
  const base = realpathSync(
    makeFolder({
      'a.txt': 'Herons stand.\n',
      'drafts/b.txt': 'Drafts.\n',
      'embed-search.config.json': '{ "exclude": ["drafts/**", "*.json"] }',
    }),
  );
  const { call } = await connect(['--path', base]);
  const { structured } = await call('update_index');
  expect(structured.roots).toMatchObject([{ state: 'done', files: { seen: 1 } }]);
});

test('copies are named: those of the passage that was compared, and those of a hit', async () => {
  const passage = (name: string) =>
    `${name} walk slowly through the shallow water of the marsh at dawn, and wait for small fish to come near.\n`;
  const base = realpathSync(
    makeFolder({
      'src/one.txt': passage('Herons'),
      'src/two.txt': passage('Herons'),
      'src/other.txt':
        'Egrets wade in the same marsh, where small fish swim close to the bank every morning.\n',
      'src/other-copy.txt':
        'Egrets wade in the same marsh, where small fish swim close to the bank every morning.\n',
    }),
  );
  expect(await run(['index', base])).toMatchObject({ exitCode: 0 });
  const { call } = await connect(['--path', path.join(base, 'src')]);
  const { structured, text } = await call('find_similar', { path: 'one.txt', line: 1 });
  expect(structured.copies).toEqual([{ path: 'two.txt', startLine: 1, endLine: 1 }]);
  expect(structured.hits).toHaveLength(1);
  const [hit] = structured.hits;
  expect(new Set([hit.path, hit.duplicates[0].path])).toEqual(new Set(['other.txt', 'other-copy.txt']));
  expect(text).toContain('The passage also stands at two.txt:1-1.');
  expect(text).toMatch(/\(also at other(-copy)?\.txt:1-1\)/);
});

test('the state is told also where the folder is gone', async () => {
  const base = realpathSync(makeFolder({ 'p/a.txt': 'Herons stand.\n' }));
  const indexDir = path.join(base, 'index');
  const folder = path.join(base, 'p');
  expect(await run(['index', folder, '--index-dir', indexDir])).toMatchObject({ exitCode: 0 });
  const { call } = await connect(['--path', folder, '--index-dir', indexDir]);
  expect((await call('index_status')).structured.roots).toMatchObject([
    { state: 'ready', files: 1, stale: { changed: 0, added: 0, removed: 0 } },
  ]);
  rmSync(folder, { recursive: true });
  const [status] = (await call('index_status')).structured.roots;
  expect(status).toMatchObject({ files: 1 });
  expect(status.stale).toBeUndefined();
});

test('who asks for an update while a stopped one ends gets one of their own', async () => {
  const base = realpathSync(makeFolder({ 'a.txt': 'Herons stand.\n' }));
  const embedders = new SharedEmbedders({ startMilliseconds: 1_000, answerMilliseconds: 1_000 });
  const options = { version: '0', fallback: base, autoIndex: false, lazy: true, embedderWait: 1_000 };
  const root = new IndexedRoot(base, options, embedders);
  const controller = new AbortController();
  const stopped = await root.startUpdate(false);
  const joined = stopped.join(controller.signal, undefined);
  controller.abort(new Error('gave up'));
  await expect(joined).rejects.toThrow('gave up');
  const next = await root.startUpdate(false);
  expect(next).not.toBe(stopped);
  expect((await next.join(new AbortController().signal, undefined)).error).toBeNull();
  await root.close();
});

test('a run whose listener fails is ended with it', async () => {
  const base = makeFolder({ 'a.txt': 'Herons stand.\n' });
  const before = new Set(childrenOf(process.pid));
  const onProgress = () => {
    throw new Error('no listener');
  };
  await expect(indexInProcess({ root: base }, { onProgress })).rejects.toThrow('no listener');
  await eventually(() => childrenOf(process.pid).every((pid) => before.has(pid)));
  // It was not let go on to its end.
  const reader = await openLocalStore(path.join(base, '.embed-search')).openReader();
  expect(reader.lastRun?.outcome).not.toBe('done');
  reader.close();
});
