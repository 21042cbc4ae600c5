import { realpathSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { placeOf } from '#dist/lib/mcp/roots.js';
import { linesUri, parseLinesUri } from '#dist/lib/mcp/uris.js';
import { addFiles, makeFolder, run, SMALL_PROJECT } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';
import { connect } from './servers.js';

async function twoProjects() {
  const base = realpathSync(
    makeFolder({
      'one/herons.txt': 'Herons stand in shallow water.\n',
      'two/tides.txt': 'Tides move shallow water.\n',
      'secret.txt': 'x',
    }),
  );
  const [one, two] = [path.join(base, 'one'), path.join(base, 'two')];
  for (const folder of [one, two]) expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
  return { base, one, two };
}

describe('several roots', () => {
  test('each have their own index, and the right one is searched by path', async () => {
    const { one, two } = await twoProjects();
    const { call, client } = await connect(['--path', one, '--path', two]);
    expect(client.getInstructions()).toContain(`${two}: indexed`);
    const hits = async (args: object) =>
      (await call('search_code', { query: 'shallow water', ...args })).structured.hits as {
        path: string;
        root: string;
      }[];
    expect((await hits({})).map(({ root }) => root).toSorted()).toEqual([one, two]);
    expect(await hits({ path: two })).toMatchObject([{ path: 'tides.txt', root: two }]);
    const text = (await call('search_code', { query: 'shallow water' })).text;
    expect(text).toContain(path.join(one, 'herons.txt'));
    expect((await call('read_lines', { path: 'tides.txt' })).structured).toMatchObject({ root: two });
    expect((await call('read_lines', { path: path.join(one, 'herons.txt') })).structured).toMatchObject({
      root: one,
    });
    for (const outside of ['../secret.txt', path.join(one, '../secret.txt')])
      expect((await call('read_lines', { path: outside })).text).toContain('outside');
    const { uri } = (await hits({ path: two }))[0] as unknown as { uri: string };
    expect((await client.readResource({ uri })).contents).toMatchObject([
      { text: 'Tides move shallow water.' },
    ]);
  });

  test('without an index are named, while the others are searched', async () => {
    const { one } = await twoProjects();
    const bare = realpathSync(makeFolder({ 'a.txt': 'water' }));
    const { call } = await connect(['--path', one, '--path', bare]);
    const { structured, text } = await call('search_code', { query: 'water' });
    expect(structured).toMatchObject({ state: 'searched', hits: [{ root: one }] });
    expect(text).toContain(`Not searched, for lack of an index: ${bare}`);
  });
});

test('a folder inside an indexed one is searched by the index above, and by no more of it', async () => {
  verifies('mcp-stays-inside');
  const folder = realpathSync(makeFolder(SMALL_PROJECT));
  await run(['index', folder]);
  const { call } = await connect(['--path', path.join(folder, 'src')]);
  const { structured } = await call('search_code', { query: 'cat settings invoice sleep' });
  expect(structured.hits.map(({ path: name }: { path: string }) => name).toSorted()).toEqual([
    'parse_config.py',
    'sleep.ts',
    'upload.ts',
  ]);
  expect((await call('read_lines', { path: 'sleep.ts' })).isError).toBe(false);
  expect((await call('read_lines', { path: '../docs/guide.md' })).isError).toBe(true);
  const similar = await call('find_similar', { path: 'sleep.ts', line: 1 });
  expect(similar.structured.hits.map(({ path: name }: { path: string }) => name).toSorted()).toEqual([
    'parse_config.py',
    'upload.ts',
  ]);
});

describe('the roots of a client that sends them', () => {
  const capable = { capabilities: { roots: { listChanged: true } } };

  test('decide what is searched, also when they change', async () => {
    const { base, one, two } = await twoProjects();
    let roots = [one];
    const uris = () => [
      ...roots.map((root) => pathToFileURL(root).href),
      'file://another.machine/x',
      'file:///not/there',
    ];
    const { call, client } = await connect([], {
      cwd: base,
      client: capable,
      roots: () => ({ roots: uris().map((uri) => ({ uri })) }),
    });
    expect((await call('search_code', { query: 'water' })).structured.hits).toMatchObject([{ root: one }]);
    roots = [two];
    await client.sendRootsListChanged();
    expect((await call('search_code', { query: 'water' })).structured.hits).toMatchObject([{ root: two }]);
    expect((await call('read_lines', { path: path.join(one, 'herons.txt') })).isError).toBe(true);
  });

  test('do not widen what --path allows', async () => {
    const { one, two } = await twoProjects();
    const { call } = await connect(['--path', one], {
      client: capable,
      roots: () => ({ roots: [{ uri: pathToFileURL(two).href }] }),
    });
    expect((await call('search_code', { query: 'water' })).structured.hits).toMatchObject([{ root: one }]);
    expect((await call('read_lines', { path: path.join(two, 'tides.txt') })).isError).toBe(true);
  });
});

test('no glob leads out of the folder that may be searched, below an indexed one', async () => {
  const base = realpathSync(
    makeFolder({ 'src/a.ts': 'export const tides = 1;\n', 'lib/a.ts': 'export const tides = 2;\n' }),
  );
  expect(await run(['index', base])).toMatchObject({ exitCode: 0 });
  const { call } = await connect(['--path', path.join(base, 'src')]);
  for (const glob of ['!x/*.test.ts', '!*.md', 'x|**/*', '../**', '{x,**}/*', '**', '*.ts']) {
    const { structured } = await call('search_code', { query: 'tides', globs: [glob] });
    const found = structured.hits.map(({ path: file }: { path: string }) => file);
    expect({ glob, outside: found.filter((file: string) => file !== 'a.ts') }).toEqual({ glob, outside: [] });
  }
  const { structured } = await call('search_code', { query: 'tides', globs: ['/*.ts'] });
  expect(structured.hits).toMatchObject([{ path: 'a.ts', root: path.join(base, 'src') }]);
});

test('a path belongs to the innermost root that holds it, or to the first where it is there', () => {
  const base = realpathSync(makeFolder({ 'a/x.txt': '', 'a/b/y.txt': '' }));
  addFiles(base, { 'c/z.txt': '' });
  const roots = ['a', 'a/b', 'c'].map((name) => ({ folder: path.join(base, name) }));
  const rootOf = (name: string) => path.relative(base, placeOf(roots, name).root.folder);
  expect(rootOf(path.join(base, 'a/b/y.txt'))).toBe(path.join('a', 'b'));
  expect(rootOf('z.txt')).toBe('c');
  expect(rootOf('not-there.txt')).toBe('a');
  for (const outside of ['..', '../d', '/', base, `${base}/a-longer`])
    expect(() => placeOf(roots, outside)).toThrow('outside');
});

test('the address of lines leads back to them, whatever the path holds', () => {
  for (const name of ['a.ts', 'a b/ü#?%.ts', 'x/../y']) {
    const address = { root: 1, path: name, startLine: 3, endLine: 9 };
    expect(parseLinesUri(linesUri(address))).toEqual(address);
  }
});
