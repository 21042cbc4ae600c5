import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { shippedModelPath } from '#dist/lib/models/resolve-model.js';
import { createWordPieceCounter, loadShippedTokenCounter } from '#dist/lib/models/wordpiece.js';
import { verifies } from '../house/promises.js';

let count: (text: string) => number;

beforeAll(async () => {
  count = await loadShippedTokenCounter();
});

describe('the rules of WordPiece', () => {
  const tiny = createWordPieceCounter([
    '\u2581un',
    '\u2581a',
    'want',
    'ed',
    '\u2581runn',
    'ing',
    '\u2581,',
    '\u2581!',
  ]);

  it.each([
    ['', 0],
    [' \n\t ', 0],
    ['a', 1],
    ['unwanted', 3],
    ['UNwantED running', 5],
    ['unwanted,running!', 7],
    ['wanted', 1],
    ['unwantedx', 1],
    ['un\u200bwanted', 3],
    ['\u00e1', 1],
    ['a\u00a0a', 2],
  ])('%j has %i tokens', (text, tokens) => {
    expect(tiny(text)).toBe(tokens);
  });

  it('counts add up over whitespace', () => {
    const lines = readFileSync(path.join(import.meta.dirname, 'wordpiece.test.ts'), 'utf8').split('\n');
    const sum = lines.reduce((total, line) => total + count(line), 0);
    expect(count(lines.join('\n'))).toBe(sum);
  });

  it('a half of a surrogate pair does not spoil the pairs after it', () => {
    expect(count('\ud83d')).toBe(0);
    expect(count('\u{1f600}')).toBe(1);
  });

  it('a word of a million letters is counted in one pass', () => {
    expect(count('a'.repeat(1_000_000))).toBeGreaterThan(100_000);
  });
});

/** Letters that come by a fixed rule, so that every run sees the same texts. */
function scattered(from: number, to: number, length: number, seed: number): string {
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  let text = '';
  for (let index = 0; index < length; index++) {
    text += String.fromCodePoint(from + next(to - from));
    if (next(4) === 0) text += ' ';
  }
  return text;
}

function texts(): string[] {
  const root = path.resolve(import.meta.dirname, '../..');
  const sources = [
    'src/lib/errors.ts',
    'src/lib/models/gguf-metadata.ts',
    'package.json',
    'package-lock.json',
  ];
  const read = sources.flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .match(/[^]{1,700}/g)!
      .slice(0, 100),
  );
  const scripts: [number, number][] = [
    [0x20, 0x7f],
    [0x00, 0x2ff],
    [0x370, 0x5ff],
    [0x600, 0x6ff],
    [0x900, 0x97f],
    [0xe00, 0xe7f],
    [0x1e00, 0x1fff],
    [0x2000, 0x2bff],
    [0x3040, 0x30ff],
    [0x4e00, 0x9fff],
    [0xac00, 0xd7a3],
    [0xf900, 0xffff],
    [0x1f300, 0x1f64f],
    [0x20000, 0x2a6df],
  ];
  const scriptTexts = scripts.flatMap(([from, to]) =>
    [1, 2, 3, 4, 5].map((seed) => scattered(from, to, 120, seed)),
  );
  const latin1 = [1, 2, 3].map((seed) => Buffer.from(scattered(0, 0xff, 300, seed), 'latin1'));
  return [
    ...read,
    ...scriptTexts,
    ...scriptTexts.map((text) => text.replaceAll(' ', '')),
    ...latin1.flatMap((bytes) => [bytes.toString('latin1'), bytes.toString('utf8')]),
    'a'.repeat(99),
    'a'.repeat(5000),
    '[SEP] [CLS] [UNK] [unused5] [MASK]',
    '\u2581the \u2581 a\u2581b',
    '\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3 \u039f\u0394\u039f\u03a3',
    '\u0130stanbul \u0131I \ufb03 \u01c5',
    'e\u0301\u0328 \u1100\u1161\u11a8 \u0915\u094d\u0937',
    '\ufeffBOM a\u0000b \ufffd',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{1f1eb}\u{1f1f7}',
    'getHTTPResponseCode(snake_case_name, 0xDEADBEEF, 3.14e-10) // \u2192 \u00fcber',
  ];
}

it('every text has as many tokens as llama.cpp counts', () => {
  verifies('exact-token-counts');
  const sample = texts();
  const real = spawnSync(
    process.execPath,
    [path.join(import.meta.dirname, 'real-tokenizer.js'), shippedModelPath()],
    {
      input: JSON.stringify(sample),
      encoding: 'utf8',
      maxBuffer: 2 ** 24,
    },
  );
  expect(real.stderr).toBe('');
  const counted = JSON.parse(real.stdout) as number[];
  const different = sample.flatMap((text, index) =>
    count(text) === counted[index]
      ? []
      : [{ text: text.slice(0, 60), ours: count(text), theirs: counted[index] }],
  );
  expect(different).toEqual([]);
  expect(counted).toHaveLength(sample.length);
});
