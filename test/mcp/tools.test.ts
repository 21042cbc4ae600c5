import { appendFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeFolder, run, SMALL_PROJECT } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';
import { connect, LEGACY, MODERN, sharedFolder } from './servers.js';

const folder = sharedFolder(SMALL_PROJECT);
const NAMES = ['search_code', 'find_similar', 'read_lines', 'update_index', 'index_status'];

describe.each([
  ['the revision of 2026-07-28', MODERN],
  ['earlier revisions', LEGACY],
])('a client of %s', (_, options) => {
  test('lists the five tools and calls each; what it gets is valid by the schema that it was given', async () => {
    verifies('mcp-tools');
    const root = await folder();
    const { client, call, stderr } = await connect(['--path', root], { client: options });
    expect(client.getInstructions()).toContain(`${realpathSync(root)}: indexed`);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(NAMES);

    // The client itself checks structured content against the output schema, and throws.
    const found = await call('search_code', { query: 'a pet that chases rodents', limit: 2 });
    expect(found.structured).toMatchObject({ state: 'searched', hits: [{ path: 'docs/guide.md' }, {}] });
    expect(found.structured.degraded).toBeUndefined();
    expect(found.text).toContain('docs/guide.md');
    const { startLine } = found.structured.hits[0];
    const similar = await call('find_similar', { path: 'docs/guide.md', line: startLine });
    expect(similar.structured.hits.length).toBeGreaterThan(0);
    expect(similar.structured.hits).not.toContainEqual(
      expect.objectContaining({ path: 'docs/guide.md', startLine }),
    );
    const lines = await call('read_lines', { path: 'src/sleep.ts', startLine: 2, endLine: 9 });
    expect(lines.structured).toMatchObject({ startLine: 2, endLine: 3, totalLines: 3 });
    expect(lines.structured.text).toBe(SMALL_PROJECT['src/sleep.ts']!.split('\n').slice(1, 3).join('\n'));
    const status = await call('index_status');
    expect(status.structured).toMatchObject({
      roots: [{ state: 'ready', files: 4, model: { dimensions: 384 } }],
      embedder: { state: 'ready', health: 'healthy', restarts: 0 },
    });
    expect(status.structured.memory.embedderBytes).toBeGreaterThan(0);
    const update = await call('update_index');
    expect(update.structured).toMatchObject({ roots: [{ state: 'done', files: { unchanged: 4 } }] });
    expect(stderr()).toBe('');
  });

  test('reads the state and the lines of a hit as resources', async () => {
    const { client, call } = await connect(['--path', await folder()], { client: options });
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resources.map(({ uri }) => uri)).toEqual(['embed-search://status']);
    expect(resourceTemplates).toHaveLength(1);
    const status = await client.readResource({ uri: 'embed-search://status' });
    expect(JSON.parse((status.contents[0] as { text: string }).text)).toMatchObject({
      roots: [{ files: 4 }],
    });

    const { structured, content } = await call('search_code', { query: 'retryUpload', limit: 1 });
    const [hit] = structured.hits;
    expect(content.slice(1)).toMatchObject([{ type: 'resource_link', uri: hit.uri }]);
    const read = await client.readResource({ uri: hit.uri });
    expect((read.contents[0] as { text: string }).text).toContain('retryUpload');
    for (const uri of [
      'embed-search://nothing',
      'embed-search://lines/9/a',
      'embed-search://lines/0/..%2F..%2Fetc%2Fpasswd',
      'file:///etc/passwd',
      'embed-search://lines/0/%zz',
      'embed-search://lines/0/src/sleep.ts?start=-1',
    ]) {
      await expect(client.readResource({ uri }), uri).rejects.toThrow(/not found|not read|well formed/i);
    }
  });
});

test('the schemas use no words that a known client rejects, and every tool says what it does to the world', async () => {
  const { client } = await connect(['--path', await folder()]);
  const { tools } = await client.listTools();
  const text = JSON.stringify(tools.map(({ inputSchema, outputSchema }) => [inputSchema, outputSchema]));
  expect(text).not.toMatch(/anyOf|oneOf|allOf|\$ref|"type":\[|"const"|"format"/);
  for (const { inputSchema, outputSchema, annotations, description } of tools) {
    expect(inputSchema.type).toBe('object');
    expect(outputSchema!.type).toBe('object');
    expect(annotations).toMatchObject({ destructiveHint: false, idempotentHint: true, openWorldHint: false });
    expect(description!.length).toBeLessThan(300);
  }
  expect(tools.filter(({ annotations }) => !annotations!.readOnlyHint).map(({ name }) => name)).toEqual([
    'update_index',
  ]);
});

describe('search_code', () => {
  test('names an argument that it does not take, and the one that was meant', async () => {
    const { call } = await connect(['--path', await folder(), '--lazy']);
    const { isError, text } = await call('search_code', { query: 'x', limt: 2 });
    expect(isError).toBe(true);
    expect(text).toContain('there is no "limt". Did you mean limit?');
  });

  test('keeps to path, globs and languages, and says so where nothing is left', async () => {
    const root = await folder();
    const { call } = await connect(['--path', root, '--lazy']);
    const paths = async (args: Record<string, unknown>) =>
      (await call('search_code', { query: 'settings of the program', ...args })).structured.hits.map(
        (hit: { path: string }) => hit.path,
      );
    expect(new Set(await paths({ path: 'docs' }))).toEqual(new Set(['docs/guide.md']));
    expect(await paths({ path: 'src/sleep.ts' })).toEqual(['src/sleep.ts']);
    expect(await paths({ path: path.join(realpathSync(root), 'src'), globs: ['*.py'] })).toEqual([
      'src/parse_config.py',
    ]);
    expect(new Set(await paths({ languages: ['python'] }))).toEqual(new Set(['src/parse_config.py']));
    expect(await paths({ path: 'docs', languages: ['python'] })).toEqual([]);
    expect((await call('search_code', { query: 'x', languages: ['klingon'] })).isError).toBe(true);
    expect((await call('search_code', { query: 'x', path: '/etc' })).text).toContain('outside');
  });

  test('fills the token budget with the best snippets and names the other hits', async () => {
    const { call } = await connect(['--path', await folder()]);
    const all = await call('search_code', { query: 'sleep upload settings cat invoice', maxTokens: 20_000 });
    const few = await call('search_code', { query: 'sleep upload settings cat invoice', maxTokens: 100 });
    const hits = few.structured.hits as { path: string; snippet?: string }[];
    expect(hits.map((hit) => hit.path)).toEqual(all.structured.hits.map((hit: { path: string }) => hit.path));
    expect(hits[0]!.snippet).toBe(all.structured.hits[0].snippet);
    expect(all.structured.omittedSnippets).toBe(0);
    expect(few.structured.omittedSnippets).toBe(hits.filter((hit) => hit.snippet === undefined).length);
    expect(few.structured.omittedSnippets).toBeGreaterThan(0);
    expect(few.text.length).toBeLessThan(all.text.length);
    for (const hit of hits) expect(few.text).toContain(hit.path);
  });

  test('gives score parts on request, context around a snippet, and nothing rather than what fits badly', async () => {
    const { call } = await connect(['--path', await folder()]);
    const query = 'a pet that chases rodents';
    const [plain] = (await call('search_code', { query, limit: 1 })).structured.hits;
    const [explained] = (await call('search_code', { query, limit: 1, explain: true })).structured.hits;
    expect(plain.scores).toBeUndefined();
    expect(explained.scores.vector).toBeGreaterThan(0);
    const wide = await call('search_code', { query, limit: 1, context: 5 });
    expect(wide.structured.hits[0].snippet.length).toBeGreaterThan(plain.snippet.length);
    const nonsense = await call('search_code', { query: 'zzqx vvkj wwpt', minConfidence: 'high' });
    expect(nonsense.structured).toMatchObject({ state: 'searched', hits: [] });
    expect(nonsense.text).toContain('Nothing found');
  });

  test('finds the words of a file that was changed a moment ago', async () => {
    const root = makeFolder(SMALL_PROJECT);
    await run(['index', root]);
    const { call } = await connect(['--path', root]);
    await call('search_code', { query: 'warm up' });
    writeFileSync(
      path.join(root, 'new.ts'),
      'export const flumadiddle = 1; // a word that was nowhere before\n',
    );
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // news are news for a second
    const { structured } = await call('search_code', { query: 'flumadiddle' });
    expect(structured.hits).toContainEqual(expect.objectContaining({ path: 'new.ts' }));
    expect(structured.stale).toBeUndefined();
  });

  test('says what is stale where taking it in would take too long', async () => {
    const root = makeFolder(SMALL_PROJECT);
    await run(['index', root]);
    const { call } = await connect(['--path', root]);
    // More than any budget of a search: a branch switch.
    for (let file = 0; file < 600; file++)
      writeFileSync(path.join(root, `added-${file}.txt`), `text ${file}\n`);
    appendFileSync(path.join(root, 'src/sleep.ts'), '// more\n');
    const { structured, text } = await call('search_code', { query: 'sleep' });
    expect(structured.hits[0]).toMatchObject({ path: 'src/sleep.ts' });
    expect(structured.stale.files).toBeGreaterThan(100);
    expect(text).toContain('stale:');
  });
});
