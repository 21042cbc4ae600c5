import { describe, expect, it } from 'vitest';
import { chunkText } from '#dist/lib/corpus/chunk-text.js';
import { embeddingText } from '#dist/lib/corpus/embedding-text.js';
import { detectLanguage } from '#dist/lib/corpus/language.js';
import type { Chunk, ChunkOptions } from '#dist/lib/corpus/types.js';
import { loadShippedTokenCounter } from '#dist/lib/models/wordpiece.js';
import { randomNumbers } from './tree.js';

/** Stands in for a tokenizer: a token for every four characters of a word. */
const countTokens = (text: string): number =>
  (text.match(/\S+/g) ?? []).reduce((total, word) => total + Math.ceil(word.length / 4), 0);

function chunks(path: string, text: string, options: Partial<ChunkOptions> = {}): Chunk[] {
  const language = detectLanguage(path);
  return [...chunkText(text, { path, language, countTokens, maxTokens: 120, overlapTokens: 16, ...options })];
}

const symbols = (path: string, text: string, options?: Partial<ChunkOptions>): (string | undefined)[] =>
  chunks(path, text, options).map(({ symbol }) => symbol);

/** What must hold of the chunks of any text. */
function check(path: string, text: string, options: Partial<ChunkOptions> = {}): Chunk[] {
  const result = chunks(path, text, options);
  const count = options.countTokens ?? countTokens;
  const lines = text.split('\n');
  const covered = new Set<number>();
  const wrong: string[] = [];
  const demand = (holds: boolean, claim: string): void => {
    if (!holds) wrong.push(claim);
  };
  let before = { startLine: 1, endLine: 0 };
  for (const [index, chunk] of result.entries()) {
    demand(chunk.ordinal === index, `${String(index)} has its ordinal`);
    demand(chunk.text.trim() !== '', `${String(index)} is not blank`);
    demand(chunk.startLine <= chunk.endLine, `${String(index)} ends behind its start`);
    demand(
      chunk.startLine >= before.startLine && chunk.endLine >= before.endLine,
      `${String(index)} is in order`,
    );
    const ofLines = lines.slice(chunk.startLine - 1, chunk.endLine).join('\n');
    demand(ofLines.includes(chunk.text), `${String(index)} stands on its lines`);
    const embedded = embeddingText({ path, language: detectLanguage(path), text: chunk.text });
    demand(count(embedded) <= (options.maxTokens ?? 120), `${String(index)} is within the limit`);
    for (let line = chunk.startLine; line <= chunk.endLine; line++) covered.add(line);
    before = chunk;
  }
  lines.forEach((line, index) =>
    demand(line.trim() === '' || covered.has(index + 1), `line ${String(index + 1)} is in a chunk`),
  );
  // Characters are lost nowhere: those of the text are those of the chunks, which may repeat some.
  const length = (of: string): number => of.replace(/\s+/g, '').length;
  demand(result.reduce((total, chunk) => total + length(chunk.text), 0) >= length(text), 'nothing is lost');
  expect({ path, text, wrong: wrong.slice(0, 20) }).toEqual({ path, text, wrong: [] });
  return result;
}

const statement = (index: number): string => `  const total${String(index)} = compute(first, second);`;
const body = (count: number): string =>
  Array.from({ length: count }, (_, index) => statement(index)).join('\n');
const deepBody = (count: number): string => body(count).replace(/^/gm, '  ');

describe('code', () => {
  it('is cut at its definitions, each with its comment, and named by them', () => {
    const text = [
      "import { a } from './a.js';",
      '',
      '/** Says what one does. */',
      'export function one(first: number) {',
      body(6),
      '}',
      '',
      '// Two is another matter.',
      'export const two = async (first: number) => {',
      body(6),
      '};',
      '',
      'class Three {',
      '  /** Says what four does. */',
      '  @decorated({',
      '    deep: true,',
      '  })',
      '  private four(): void {',
      deepBody(7),
      '  }',
      '',
      '  get five(): number {',
      deepBody(7),
      '  }',
      '}',
      '',
    ].join('\n');
    const result = check('src/a.ts', text);
    expect(result.map(({ symbol }) => symbol)).toEqual(['one', 'two', 'four', 'five']);
    expect(result[1]?.text.startsWith('// Two is')).toBe(true);
    expect(result[2]?.text).toContain('/** Says what four does. */\n  @decorated({');
    expect(result[3]?.text.startsWith('  get five()')).toBe(true);
  });

  it('keeps a function whole where it fits, and puts small neighbours together', () => {
    const small = (name: string): string => `def ${name}(first):\n    return first + 1\n`;
    const text = Array.from({ length: 8 }, (_, index) => small(`small${String(index)}`)).join('\n\n');
    const result = check('a.py', text);
    expect(result.length).toBeLessThanOrEqual(2);
    for (const chunk of result) expect(chunk.text).toMatch(/^def .*return first \+ 1$/s);
  });

  it('cuts a long function between its blocks, never before what closes one, and names every piece', () => {
    const block = 'if (ready) {\n    call(first, second);\n    again(first, second);\n  }';
    const text = `function long(first, second) {\n  ${Array.from({ length: 20 }, () => block).join('\n\n  ')}\n}\n`;
    const result = check('a.js', text);
    expect(result.length).toBeGreaterThan(2);
    expect(new Set(result.map(({ symbol }) => symbol))).toEqual(new Set(['long']));
    for (const chunk of result.slice(1)) expect(chunk.text).toMatch(/^ {2}if \(ready\) \{/);
    expect(result.at(-1)?.text.endsWith('}\n}')).toBe(true);
  });

  it.each([
    ['a.py', 'class Bar:\n    """Doc."""\n\n    def foo(self):\n        return 1\n', 'Bar'],
    ['b.py', '@cached\nasync def fetch_all(x):\n    return x\n', 'fetch_all'],
    ['a.go', '// Run runs.\nfunc (s *Server) Run(ctx context.Context) error {\n\treturn nil\n}\n', 'Run'],
    ['b.go', 'type Server struct {\n\tname string\n}\n', 'Server'],
    ['a.rs', '#[derive(Debug)]\npub struct Point<T> {\n    x: T,\n}\n', 'Point'],
    ['b.rs', 'impl<T> Display for Point<T> {\n    fn fmt(&self) {}\n}\n', 'Point'],
    ['c.rs', 'pub(crate) async fn run(&self) -> Result<()> {\n    Ok(())\n}\n', 'run'],
    [
      'A.java',
      '@Override\npublic List<String> find(Map<String, Integer> by, int n) throws E {\n  return null;\n}\n',
      'find',
    ],
    ['B.java', 'public final class Thing<T> extends Base {\n  int a;\n}\n', 'Thing'],
    ['a.c', 'static int\nxx_roj(PyObject *self, PyObject *args)\n{\n    return 1;\n}\n', 'xx_roj'],
    ['b.c', 'struct list *list_new(size_t n)\n{\n    return 0;\n}\n', 'list_new'],
    ['a.cpp', 'std::vector<int> Foo::bar(const int& a) const {\n  return {};\n}\n', 'Foo::bar'],
    ['a.cs', 'public async Task<int> LoadAsync(string name)\n{\n    return 1;\n}\n', 'LoadAsync'],
    ['a.rb', 'module Web\n  def self.call(env)\n    1\n  end\nend\n', 'Web'],
    ['a.php', '<?php\npublic static function &find($id)\n{\n    return 1;\n}\n', 'find'],
    ['a.kt', 'suspend fun <T> List<T>.second(): T {\n    return this[1]\n}\n', 'second'],
    ['a.swift', '@objc public func load(_ url: URL) throws -> Data {\n    return Data()\n}\n', 'load'],
    ['a.scala', 'case class User(name: String) {\n  def greet = name\n}\n', 'User'],
    ['a.lua', 'local function trim(s)\n  return s\nend\n', 'trim'],
    ['a.sh', 'retry_upload() {\n  curl "$1"\n}\n', 'retry_upload'],
    ['a.ts', 'export interface Options<T> {\n  a: T;\n}\n', 'Options'],
    [
      'b.ts',
      'export default class extends Base {\n  async *walk(): AsyncGenerator {\n    yield 1;\n  }\n}\n',
      'walk',
    ],
    ['a.sql', 'CREATE TABLE IF NOT EXISTS users (\n  id int\n);\n', 'users'],
    ['a.proto', 'message Hit {\n  string path = 1;\n}\n', 'Hit'],
    ['a.tf', 'resource "aws_s3_bucket" "logs" {\n  acl = "private"\n}\n', 'aws_s3_bucket.logs'],
    ['a.ex', 'defmodule Web.Page do\n  def render(a), do: a\nend\n', 'Web.Page'],
  ])('names the definition in %s', (path, text, symbol) => {
    expect(symbols(path, text)).toEqual([symbol]);
  });

  it('does not take calls and statements for definitions', () => {
    const text =
      'if (a) {\n  b();\n}\nfor (const c of d) {\n  e(c);\n}\nfoo(bar, () => {\n  x();\n});\nreturn new Foo();\n';
    for (const name of ['a.ts', 'A.java', 'a.cs', 'a.cpp', 'a.php', 'a.kt']) {
      expect({ name, symbols: symbols(name, text) }).toEqual({ name, symbols: [undefined] });
    }
  });

  it('that is not indented at all is cut by its brackets', () => {
    const text = Array.from(
      { length: 6 },
      (_, index) =>
        `function f${String(index)}(a) {\nif (a) {\n${'call(first, second, third);\n'.repeat(6)}}\n}\n`,
    ).join('');
    expect(symbols('a.js', check('a.js', text) && text)).toEqual(['f0', 'f1', 'f2', 'f3', 'f4', 'f5']);
  });
});

describe('Markdown', () => {
  it('is cut at headings and named by them, and a heading stays with its text', () => {
    const paragraph = 'Some words that explain how this part works in practice and why. '.repeat(3).trim();
    const text = `# Guide\n\n${paragraph}\n\n## Install\n\n${paragraph}\n\n### On [Linux](x)\n\n${paragraph}\n\nUsage\n-----\n\n${paragraph}\n`;
    const result = check('a.md', text);
    expect(result.map(({ symbol }) => symbol)).toEqual(['Guide', 'Install', 'On Linux', 'Usage']);
    expect(result[1]?.text.startsWith('## Install\n\nSome words')).toBe(true);
    expect(result[3]?.text.startsWith('Usage\n-----\n\nSome words')).toBe(true);
  });

  it('keeps a fence whole where it fits and does not take its comments for headings', () => {
    const prose = 'Words before the fence, enough of them to fill a good part of a chunk. '.repeat(4).trim();
    const fence = `\`\`\`sh\n# not a heading\n${'run the thing --with flags\n'.repeat(8)}\n\`\`\``;
    const result = check('a.md', `# One\n\n${prose}\n\n${fence}\n\n${prose}\n`);
    expect(result.some(({ text }) => text.includes(fence))).toBe(true);
    expect(result.every(({ symbol }) => symbol === 'One')).toBe(true);
  });

  it('puts small sections together', () => {
    const text = Array.from({ length: 6 }, (_, index) => `## Part ${String(index)}\n\nA few words.\n`).join(
      '\n',
    );
    expect(check('a.md', text).length).toBe(1);
  });

  it('takes front matter as it is', () => {
    expect(check('a.md', '---\ntitle: x\ndate: y\n---\n\n# Title\n\nText.\n')[0]?.startLine).toBe(1);
  });
});

describe('prose', () => {
  it('is cut between paragraphs, and nothing is repeated there', () => {
    const paragraph = 'This is a sentence of some length about the matter. '.repeat(5).trim();
    const result = check('a.txt', [paragraph, paragraph, paragraph].join('\n\n'));
    expect(result.map(({ text }) => text)).toEqual([paragraph, paragraph, paragraph]);
  });

  it('of one long line is cut at the ends of sentences where it has some', () => {
    const text = 'This is a sentence of some length about the matter. '.repeat(30).trim();
    for (const chunk of check('a.txt', text)) {
      expect(chunk).toMatchObject({ startLine: 1, endLine: 1 });
      expect(chunk.text).toMatch(/matter\.$/);
    }
  });

  it('without sentences is cut between words, and each piece repeats a little of the one before', () => {
    const text = Array.from({ length: 400 }, (_, index) => `word${String(index)}`).join(' ');
    const result = check('a.txt', text);
    for (const [index, chunk] of result.slice(1).entries()) {
      const before = result[index]!.text.split(' ');
      const repeated = before.slice(before.indexOf(chunk.text.split(' ')[0]!));
      expect(repeated.length).toBeGreaterThan(0);
      expect(countTokens(repeated.join(' '))).toBeLessThanOrEqual(16);
      expect(chunk.text.startsWith(repeated.join(' '))).toBe(true);
    }
  });
});

describe('any text', () => {
  it('without words gives no chunk', () => {
    expect(chunks('a.ts', '')).toEqual([]);
    expect(chunks('a.txt', '\n \r\n\t\n')).toEqual([]);
  });

  it('has the same line numbers with CRLF as with LF, and no line break at the end of a chunk', () => {
    const text = `function a() {\n${body(12)}\n}\n\n\nfunction b() {\n${body(12)}\n}\n`;
    const spans = (of: string): number[][] =>
      check('a.ts', of).map(({ startLine, endLine }) => [startLine, endLine]);
    expect(spans(text.replace(/\n/g, '\r\n'))).toEqual(spans(text));
    for (const chunk of chunks('a.ts', text)) expect(chunk.text).toBe(chunk.text.trimEnd());
  });

  it('is filled: far fewer chunks than blocks, and more than half full on average', () => {
    const text = Array.from(
      { length: 100 },
      (_, index) => `export function f${String(index)}(a: number) {\n  return a;\n}\n`,
    ).join('\n');
    const result = check('a.ts', text);
    const used = result.reduce(
      (total, { text: part }) =>
        total + countTokens(embeddingText({ path: 'a.ts', language: 'typescript', text: part })),
      0,
    );
    expect(used / result.length).toBeGreaterThan(60);
  });

  it.each([
    ['one word of 100 KB', 'a.txt', 'x'.repeat(100_000)],
    ['one word of 100 KB in code', 'a.ts', 'x'.repeat(100_000)],
    ['emoji without an end', 'a.md', '😀'.repeat(20_000)],
    ['brackets without an end', 'a.java', '('.repeat(50_000)],
    ['closing brackets', 'a.ts', '}\n'.repeat(20_000)],
    ['blank lines', 'a.txt', `a${'\n'.repeat(100_000)}b`],
    ['a minified line', 'a.json', '{"a":[1,2,3],"b":"c"},'.repeat(10_000)],
    ['a long comment', 'a.c', `/*\n${' * words of a comment that goes on\n'.repeat(300)} */\nint a;\n`],
    ['an open doc string', 'a.py', `def f():\n    """\n${'words at the margin\n'.repeat(300)}`],
    ['an open fence', 'a.md', `# a\n\`\`\`\n${'words in a fence\n'.repeat(300)}`],
    ['headings only', 'a.md', '# heading\n'.repeat(2_000)],
    ['a very long path', `${'deep-folder-name-'.repeat(14)}/${'file-name-'.repeat(20)}.ts`, body(40)],
  ])('of %s is cut within the limit', (_title, path, text) => {
    expect(check(path, text).length).toBeGreaterThan(0);
  });

  it('of 200,000 short lines or of one line of 1 MiB is cut in a number of steps that grows with its length only', () => {
    const steps = (path: string, text: string): number => {
      let characters = 0;
      const counting = (part: string): number => {
        characters += part.length;
        return countTokens(part);
      };
      expect(chunks(path, text, { countTokens: counting }).length).toBeGreaterThan(100);
      return characters / text.length;
    };
    expect(steps('a.ts', 'a = 1;\n'.repeat(200_000))).toBeLessThan(4);
    expect(steps('a.txt', 'some words of prose. '.repeat(50_000))).toBeLessThan(4);
    expect(steps('b.txt', 'x'.repeat(1024 * 1024))).toBeLessThan(4);
  });

  it('is cut within the limit also by a tokenizer whose counts do not add up', () => {
    const notAdditive = (text: string): number =>
      Math.ceil(countTokens(text) * (text.length > 100 ? 1.7 : 1));
    expect(check('a.ts', body(100), { countTokens: notAdditive }).length).toBeGreaterThan(10);
    expect(
      check('a.txt', 'Some words of prose. '.repeat(300), { countTokens: notAdditive }).length,
    ).toBeGreaterThan(10);
  });

  it('keeps every promise for 400 random texts of every kind', () => {
    const random = randomNumbers(42);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const parts = [
      'function foo() {',
      '}',
      '  return x;',
      '',
      '',
      '# Heading',
      '```',
      'Some prose that ends.',
      '- item',
      'def f(a):',
    ]
      .concat([
        '    pass',
        'class A:',
        '/* comment',
        ' */',
        '@decorator',
        '"""',
        'x'.repeat(700),
        'word '.repeat(200),
        '漢字'.repeat(90),
      ])
      .concat([
        '\tif (a) {',
        '\t}',
        '| a | b |',
        '---',
        '===',
        '   ',
        'end',
        '😀 emoji',
        '#define X(a) \\',
        'public:',
        'a,b;c '.repeat(120),
      ]);
    const paths = ['a.ts', 'a.py', 'a.c', 'a.md', 'a.txt', 'a.go', 'a.rb', 'a.yaml', 'a.html', 'a.unknown'];
    let made = 0;
    for (let round = 0; round < 400; round++) {
      const end = random() < 0.3 ? '\r\n' : '\n';
      const text = Array.from({ length: Math.floor(random() * 80) }, () => pick(parts)).join(end);
      made += check(pick(paths), text, {
        maxTokens: pick([16, 40, 120, 500]),
        overlapTokens: pick([0, 4, 16]),
      }).length;
    }
    expect(made).toBeGreaterThan(1_000);
  });

  it('is cut within the limit of the shipped model by its own vocabulary', async () => {
    const exact = await loadShippedTokenCounter();
    const texts = {
      'src/lib/retryUpload.ts': `/** Tries again. */\nexport function retry() {\n${body(60)}\n}\n`,
      'a.md': `# Ünïcödé\n\n${'Naïve cafés — 日本語 and `code_with_names`. '.repeat(60)}\n`,
      'a.txt': Buffer.from('binary-looking text '.repeat(800)).toString('base64'),
    };
    for (const [path, text] of Object.entries(texts)) {
      expect(check(path, text, { countTokens: exact }).length).toBeGreaterThan(2);
    }
  });
});
