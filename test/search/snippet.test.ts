import { describe, expect, it } from 'vitest';
import { bestLines } from '#dist/lib/search/snippet.js';

/** Forty lines, the ones named with a text of their own. */
const chunk = (lines: Record<number, string>) =>
  Array.from({ length: 40 }, (_, index) => lines[index + 1] ?? `  filler ${index + 1}`).join('\n');

const shown = (text: string, terms: string[], options?: Parameters<typeof bestLines>[3]) => {
  const snippet = bestLines(text, 101, terms, options);
  const lines = snippet.text.split('\n');
  expect(lines).toHaveLength(10);
  return { ...snippet, endLine: snippet.startLine + lines.length - 1 };
};

describe('the snippet of a long chunk', () => {
  it('shows the lines with the words of the query, not the first ones', () => {
    const { text, startLine, endLine } = shown(chunk({ 30: 'await retry(upload)' }), ['retry', 'upload']);
    expect(text).toContain('await retry(upload)');
    expect(startLine).toBeLessThan(130);
    expect(endLine).toBeGreaterThan(130);
  });

  it('prefers one rare word to two common ones', () => {
    const text = chunk({ 3: 'get value', 4: 'set value', 33: 'exponential backoff' });
    const weights: Record<string, number> = { get: 0.5, value: 0.5, backoff: 6 };
    const weightOf = (term: string) => weights[term]!;
    expect(shown(text, ['get', 'value', 'backoff'], { weightOf }).text).toContain('exponential backoff');
    expect(shown(text, ['get', 'value', 'backoff']).text).toContain('get value');
  });

  it('prefers two different words to many of one', () => {
    const text = chunk({ 2: 'retry retry', 3: 'retry', 4: 'retry', 31: 'retry the upload' });
    expect(shown(text, ['retry', 'upload']).text).toContain('retry the upload');
  });

  it('keeps the line that defines the symbol where that costs no telling word', () => {
    const text = chunk({ 9: 'function sendAgain(file) {', 16: 'await retry(file)', 34: 'log(retry)' });
    const snippet = shown(text, ['retry'], { symbol: 'Uploader.sendAgain' });
    expect(snippet.text).toContain('function sendAgain');
    expect(snippet.text).toContain('await retry(file)');
    expect(shown(text, ['retry']).text).not.toContain('function sendAgain');
  });

  it('shows the one word that was asked for rather than what the chunk defines', () => {
    const text = chunk({ 4: 'function sendAgain(file) {', 38: 'export const numbat = 1' });
    expect(shown(text, ['numbat'], { symbol: 'sendAgain' }).text).toContain('numbat');
  });

  it('finds inflections and words inside identifiers', () => {
    expect(shown(chunk({ 25: 'const maxRetries = 5' }), ['retry']).text).toContain('maxRetries');
  });

  it('begins with the chunk where no line has a word of the query', () => {
    expect(shown(chunk({}), ['absent'], { symbol: 'gone' }).startLine).toBe(101);
    expect(shown(chunk({}), []).startLine).toBe(101);
  });

  it('asks for no weight where the chunk is shown whole', () => {
    const weightOf = (): number => {
      throw new Error('asked');
    };
    expect(bestLines('one\ntwo retry', 7, ['retry'], { weightOf })).toEqual({
      text: 'one\ntwo retry',
      startLine: 7,
    });
  });
});
