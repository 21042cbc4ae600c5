import { describe, expect, it } from 'vitest';
import { embeddingText } from '#dist/lib/corpus/embedding-text.js';
import { codeWords, fileNameWords, searchWords, splitIdentifier } from '#dist/lib/corpus/words.js';

describe('splitIdentifier', () => {
  it.each([
    ['camelCase', 'camel Case'],
    ['PascalCase', 'Pascal Case'],
    ['XMLHttpRequest', 'XML Http Request'],
    ['parseJSON', 'parse JSON'],
    ['snake_case_2', 'snake case 2'],
    ['SCREAMING_CASE', 'SCREAMING CASE'],
    ['kebab-case', 'kebab case'],
    ['sha256sum', 'sha 256 sum'],
    ['__init__', 'init'],
    ['$element', 'element'],
    ['iOS', 'i OS'],
    ['getÜberÄnderung', 'get Über Änderung'],
    ['HTMLÉlément', 'HTML Élément'],
    ['日本語Text', '日本語 Text'],
    ['word', 'word'],
    ['___', ''],
  ])('cuts %s into %s', (word, parts) => {
    expect(splitIdentifier(word).join(' ')).toBe(parts);
  });
});

describe('searchWords', () => {
  it('keeps every word whole, adds the parts of identifiers, and does not double prose', () => {
    expect(searchWords('Retry the getUserById(_foo, max_size) call.')).toBe(
      'Retry the getUserById get User By Id _foo foo max_size max size call',
    );
    expect(searchWords('naïve café 日本 — über')).toBe('naïve café 日本 über');
  });

  it('does not take blobs apart', () => {
    const blob = 'aB3'.repeat(100);
    expect(searchWords(`x ${blob} y`)).toBe(`x ${blob} y`);
  });
});

describe('codeWords', () => {
  it('drops punctuation, splits identifiers and lowers case', () => {
    expect(codeWords('  const parseJSON2 = (x) => {\r\n\treturn "don\'t"; // Why\n}')).toBe(
      'const parse json 2 x return don t why',
    );
    expect(codeWords('});')).toBe('');
  });

  it('of a text are those of its lines in a row', () => {
    const text = 'fn main() {\n    let fooBar = baz_qux(1);\n\n}\n// Ünïcödé ok';
    expect(codeWords(text)).toBe(text.split('\n').map(codeWords).filter(Boolean).join(' '));
  });
});

describe('fileNameWords', () => {
  it('are those of the name, whatever folder it is in', () => {
    expect(fileNameWords('a/b/src/http/retryUpload.test.ts')).toBe('retry upload test ts');
    expect(fileNameWords('main.go')).toBe('main go');
  });

  it('are bounded, and keep the end', () => {
    const long = fileNameWords(`folder/${'and-file-'.repeat(20)}end.ts`);
    expect(long.length).toBeLessThanOrEqual(80);
    expect(long).toMatch(/^(and|file) .*end ts$/);
    expect(fileNameWords('x'.repeat(200))).toHaveLength(80);
  });
});

describe('embeddingText', () => {
  it('is name and words for code, and the text as it stands for prose and Markdown', () => {
    const text = '# Set-up\n\nDo `npm ci`, then…\n';
    expect(embeddingText({ path: 'docs/a.md', language: 'markdown', text })).toBe(text);
    expect(embeddingText({ path: 'docs/a.txt', language: 'text', text })).toBe(text);
    expect(embeddingText({ path: 'lib/a.py', language: 'python', text: 'def runAll(x): pass' })).toBe(
      'a py def run all x pass',
    );
    expect(embeddingText({ path: 'lib/a.py', language: 'python', text: '})' })).toBe('a py');
  });
});
