import { expect, it } from 'vitest';
import { splitChunk } from '#dist/lib/corpus/split-chunk.js';
import { randomNumbers } from './tree.js';

it('cuts between lines, with the lines that each piece really has', () => {
  const text = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'].join('\n');
  expect(splitChunk({ text, startLine: 10, endLine: 15, symbol: 'f' }, 2)).toEqual([
    { text: 'alpha\nbeta\ngamma', startLine: 10, endLine: 12, symbol: 'f' },
    { text: 'delta\nepsilon\nzeta', startLine: 13, endLine: 15, symbol: 'f' },
  ]);
});

it('cuts a single line between words, and a single word between characters', () => {
  expect(splitChunk({ text: 'one two three four', startLine: 7, endLine: 7 }, 2)).toEqual([
    { text: 'one two', startLine: 7, endLine: 7 },
    { text: 'three four', startLine: 7, endLine: 7 },
  ]);
  expect(splitChunk({ text: 'abcdef', startLine: 1, endLine: 1 }, 3).map(({ text }) => text)).toEqual([
    'ab',
    'cd',
    'ef',
  ]);
  const emoji = splitChunk({ text: '😀😀😀', startLine: 1, endLine: 1 }, 2);
  expect(emoji.every(({ text }) => text.isWellFormed())).toBe(true);
});

it('gives back what cannot be cut', () => {
  expect(splitChunk({ text: 'x', startLine: 3, endLine: 3 }, 4)).toEqual([
    { text: 'x', startLine: 3, endLine: 3 },
  ]);
});

it('loses nothing but blanks at the cuts, and its lines are those of the file, in 500 random texts', () => {
  const random = randomNumbers(7);
  const pieces = ['a', 'word ', 'longer-word', '\n', '\r\n', '    ', '\n\n', '漢字', '😀', '\t'];
  for (let round = 0; round < 500; round++) {
    const middle = Array.from(
      { length: 1 + Math.floor(random() * 60) },
      () => pieces[Math.floor(random() * 10)],
    ).join('');
    const text = `x${middle}y`;
    const lines = text.split('\n');
    const into = 1 + Math.floor(random() * 6);
    const result = splitChunk({ text, startLine: 1, endLine: lines.length }, into);
    expect(
      result
        .map((piece) => piece.text)
        .join('')
        .replace(/\s/g, ''),
    ).toBe(text.replace(/\s/g, ''));
    let previous = 1;
    for (const piece of result) {
      expect(piece.text.trim()).not.toBe('');
      expect(piece.startLine).toBeGreaterThanOrEqual(previous);
      const inFile = lines.slice(piece.startLine - 1, piece.endLine).join('\n');
      expect(inFile).toContain(piece.text);
      previous = piece.endLine;
    }
    expect(result.at(-1)?.endLine).toBe(lines.length);
    expect(result.length).toBeGreaterThanOrEqual(into > 1 && text.length > 3 ? 2 : 1);
  }
});
