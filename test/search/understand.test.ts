import { describe, expect, it, test } from 'vitest';
import { parseQuery } from '#dist/lib/search/query-syntax.js';
import { understandQuery } from '#dist/lib/search/understand.js';
import { verifies } from '../house/promises.js';

describe('what a query is', () => {
  test.each([
    ['RetryBudget', 'name'],
    ['parse_config', 'name'],
    ['useState', 'name'],
    ['std::vector::push_back', 'name'],
    ['walrus', 'name'],
    ['where do we retry a failed upload', 'sentence'],
    ['how is `retryUpload` called', 'sentence'],
    ['src/lib/a.ts', 'path'],
    ['package.json', 'path'],
    ['"connection reset by peer"', 'phrase'],
    ["TypeError: Cannot read properties of undefined (reading 'id')", 'error'],
    ['boom\n    at retryUpload (/app/src/upload.ts:14:9)\n    at main (index.ts:3:1)', 'error'],
    ['Traceback (most recent call last):\n  File "a.py", line 3, in main', 'error'],
    ['SELECT id FROM users WHERE name = ?', 'sentence'],
    ['🙂', 'name'],
    ['업로드 다시 시도', 'sentence'],
    ['إعادة محاولة التحميل', 'sentence'],
    ['to be or not to be', 'sentence'],
  ])('%j is a %s', (query, kind) => {
    expect(understandQuery(query).kind).toBe(kind);
  });

  it('names and files in a sentence are found, ordinary words are not', () => {
    const query = understandQuery(
      'why does Client.sendRequest() in src/net/http-client.ts ignore MAX_RETRIES, e.g. for v1.2',
    );
    expect(query.names).toEqual(expect.arrayContaining(['sendrequest', 'client', 'max_retries']));
    expect(query.names).not.toContain('why');
    expect(query.files).toEqual(['src/net/http-client.ts']);
    expect(understandQuery('the quick brown fox and/or the lazy dog').files).toEqual([]);
    expect(understandQuery('the quick brown fox').names).toEqual([]);
  });

  it('identifiers are looked up whole and in parts', () => {
    expect(understandQuery('retryUpload').terms).toEqual(['retryupload', 'retry', 'upload']);
  });

  it.each([
    'how do plugins add a comparison',
    'the full column spec of a table',
    'write new migration files',
    'where is the connection pool set up',
    'memory usage of the cache',
    'upgrade to head revision',
    'setUp',
    'http upgrade to h2c',
  ])('%j asks for no kind of file', (query) => {
    expect([...understandQuery(query).asksFor]).toEqual([]);
  });

  it('what the whole folder is may be asked by its name', () => {
    for (const query of [
      'what is this project?',
      'what does this library do',
      'what is the tool for',
      'what is this',
    ])
      expect(understandQuery(query)).toMatchObject({ isAboutAll: true, asksFor: new Set(['document']) });
    expect(understandQuery('What is Wombat', { project: 'wombat' }).isAboutAll).toBe(true);
    for (const query of ['what is a wombat', 'what is the library path', 'what does this function do'])
      expect(understandQuery(query, { project: 'wombat' }).isAboutAll).toBe(false);
  });

  it('a kind of file that the query asks for is known, and a pasted text asks for nothing', () => {
    expect([...understandQuery('tests of the parser').asksFor]).toEqual(['test']);
    expect([...understandQuery('test/parser.test.ts').asksFor]).toContain('test');
    expect([...understandQuery('how is the parser made').asksFor]).toEqual([]);
    expect([...understandQuery('how do I install it').asksFor]).toEqual(['document']);
    expect([...understandQuery('README.md').asksFor]).toEqual(['document']);
    expect([...understandQuery('in which version was it fixed').asksFor]).toEqual(['changelog', 'document']);
    expect([...understandQuery('which release added push').asksFor]).toEqual(['changelog', 'document']);
    expect([...understandQuery('breaking changes in v5').asksFor]).toContain('changelog');
    expect([...understandQuery('migrating from express').asksFor]).toEqual(['document']);
    expect([...understandQuery(`${'some pasted text '.repeat(40)} with tests`).asksFor]).toEqual([]);
    expect(understandQuery('most recent changes to the parser').isAboutRecent).toBe(true);
    expect(understandQuery('how is the parser made').isAboutRecent).toBe(false);
  });
});

describe('the syntax in a query', () => {
  it('lang:, path:, a phrase and -word at the end are taken out of the text', () => {
    verifies('query-syntax-never-fails');
    expect(parseQuery('retry "after a failure" lang:ts path:src/lib -upload -download')).toEqual({
      text: 'retry after a failure',
      phrases: ['after a failure'],
      excluded: ['upload', 'download'],
      languages: ['typescript'],
      paths: ['src/lib'],
    });
    expect(parseQuery('path:"my folder" retry').paths).toEqual(['my folder']);
  });

  test.each([
    ['lang:klingon words'],
    ['a lone " quote'],
    ['path: with a blank'],
    ['see http://a.b/c?d=e:f'],
    ['find . -type f -name'],
    ['grep -rn foo | sort -number'],
    ['ls -la'],
    ['-word'],
    ['a - b'],
    ['lang:'],
    ['x ("quoted")y'],
  ])('%j has none: all of it is words', (query) => {
    expect(parseQuery(query)).toMatchObject({ excluded: [], languages: [], paths: [] });
    for (const word of query.match(/[a-z]{2,}/g) ?? []) expect(parseQuery(query).text).toContain(word);
  });

  it('a query of nothing but filters asks for their words', () => {
    expect(parseQuery('lang:ts')).toMatchObject({ text: 'lang:ts', languages: [] });
  });

  it('control characters and NUL are blanks, and no text takes more than linear time', () => {
    expect(parseQuery('a\u0000b\u001b[31mc\u200b').text).toBe('a b [31mc');
    expect(parseQuery('\u0000\u0001').text).toBe('');
    for (const part of ['a.', 'a/', '-aa ', '"a', 'lang:', 'A_', '::a', '(at a:1']) {
      const started = performance.now();
      understandQuery(part.repeat(1000));
      const once = Math.max(5, performance.now() - started);
      understandQuery(part.repeat(50_000));
      expect(performance.now() - started, part).toBeLessThan(50 * 10 * once);
    }
  });
});
