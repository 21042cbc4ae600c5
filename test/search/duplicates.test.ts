import { describe, expect, it } from 'vitest';
import { repeatsAmong, withoutDuplicates } from '#dist/lib/search/duplicates.js';

const RETRY = `export async function retryUpload(file, attempts = 5) {
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await send(file);
    } catch {
      await sleep(2 ** attempt * 100);
    }
  }
  throw new Error('gave up after ' + attempts);
}`;

const PARSE = `def parse_config(path):
    """Read the settings of the program from a JSON file."""
    with open(path) as handle:
        settings = json.load(handle)
    return {name: value for name, value in settings.items() if value is not None}`;

/** The symbol is what a text defines, as the chunker would say. */
const passages = (...texts: string[]) =>
  texts.map((text, index) => ({
    id: index + 1,
    text,
    path: `${index}.txt`,
    startLine: 1,
    endLine: 9,
    ...(/(?:function|def) (\w+)/.test(text) ? { symbol: /(?:function|def) (\w+)/.exec(text)![1]! } : {}),
  }));

const repeats = (...texts: string[]) => Object.fromEntries(repeatsAmong(passages(...texts)));

describe('a passage repeats an earlier one', () => {
  it('that is equal but for white space', () => {
    expect(repeats(RETRY, PARSE, RETRY.replaceAll('\n', '\r\n').replaceAll('  ', '\t'))).toEqual({ 3: 1 });
  });

  it('of the same name from which a word differs', () => {
    const longer = `${RETRY.slice(0, -1)}  // Whoever asked for it hears of the failure once, with the last answer of the server.\n}`;
    expect(repeats(longer, longer.replace('attempts = 5', 'attempts = 3'))).toEqual({ 2: 1 });
    expect(repeats(longer, longer.replaceAll('attempts', 'rounds'))).toEqual({});
  });

  it('of a long text without a name from which a word differs', () => {
    const prose = Array.from({ length: 80 }, (_, index) => `word${index}`).join(' ');
    expect(repeats(prose, prose.replace('word40', 'other'))).toEqual({ 2: 1 });
  });

  it('also in a script that puts no space between words', () => {
    const text =
      '上传失败后会再次尝试发送文件，每次等待的时间都比上一次更长，直到次数用完为止。' +
      '下载也是这样，只是不会等那么久，而且会先问一问服务器是否还愿意回答，然后才重新开始。';
    expect(repeats(text, text.replace('开始', '来过'))).toEqual({ 2: 1 });
    expect(
      repeats(text, text.replace('上传', '打印').replace('文件', '图片').replace('服务器', '打印机')),
    ).toEqual({});
  });

  it('and all copies go to the one that ranks first', () => {
    expect(repeats(PARSE, RETRY, PARSE, `${PARSE}\n`, RETRY)).toEqual({ 3: 1, 4: 1, 5: 2 });
  });
});

describe('a passage stays', () => {
  it('where the same job is done in other words', () => {
    const other = RETRY.replaceAll('attempt', 'round').replaceAll('file', 'body').replace('send', 'post');
    expect(repeats(RETRY, other)).toEqual({});
  });

  it('where one name is all that differs', () => {
    expect(repeats(RETRY, RETRY.replace('retryUpload', 'retryDownload'))).toEqual({});
  });

  it('where it is short and not equal', () => {
    expect(repeats('export const LIMIT = 10;', 'export const LIMIT = 20;')).toEqual({});
    expect(repeats('export const LIMIT = 10;', 'export const  LIMIT = 10;')).toEqual({ 2: 1 });
  });

  it('where it has the whole of another one and as much again', () => {
    expect(repeats(RETRY, `${RETRY}\n${PARSE}`)).toEqual({});
    expect(repeats(`${RETRY}\n${PARSE}`, RETRY)).toEqual({});
  });

  it('where there are no words to compare', () => {
    expect(repeats('{ [ ( ) ] }', '+ - * /', '')).toEqual({});
  });
});

describe('a ranking without duplicates', () => {
  const reader = (texts: readonly string[]) => ({
    chunks: (ids: readonly number[]) =>
      ids.map((id) => ({
        id,
        fileId: id,
        ordinal: 0,
        path: `${id}.txt`,
        language: 'text',
        startLine: id,
        endLine: id + 9,
        text: texts[id]!,
      })),
  });

  it('keeps its order, and says where the copies stand', () => {
    const { entries, duplicates } = withoutDuplicates(reader([RETRY, PARSE, RETRY, PARSE]), [2, 1, 0, 3], {
      idOf: (id) => id,
      limit: 10,
    });
    expect(entries).toEqual([2, 1]);
    expect([...duplicates]).toEqual([
      [2, [{ path: '0.txt', startLine: 0, endLine: 9 }]],
      [1, [{ path: '3.txt', startLine: 3, endLine: 12 }]],
    ]);
  });

  it('reads three texts for each hit, however long the ranking is', () => {
    let read = 0;
    const texts = Array.from({ length: 5_000 }, (_, id) => `passage ${id}`);
    const source = reader(texts);
    const ranked = texts.map((_, id) => id);
    const counting = { chunks: (ids: readonly number[]) => ((read += ids.length), source.chunks(ids)) };
    const { entries } = withoutDuplicates(counting, ranked, { idOf: (id) => id, limit: 200 });
    expect(entries).toEqual(ranked);
    expect(read).toBe(600);
  });
});
