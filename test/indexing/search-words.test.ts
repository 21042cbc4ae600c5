import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { SEARCH_WORDS } from '#dist/lib/indexing/search-words.js';

const PROBE =
  'XMLHttpRequest snake_case2 v1.2.3 a-b don’t C++ x86_64 ÄrgerGroß naïve 한국어 日本語テキスト हिन्दी Ελληνικά ' +
  `Приветмир 🙂 e\u0301 tab\tnew\nline nul\0 ${'long'.repeat(30)}Identifier\n`;

test('words that come out differently are of another version: an index takes out only what it can compute again', () => {
  const digest = createHash('sha256').update(SEARCH_WORDS.wordsOf(PROBE)).digest('hex').slice(0, 16);
  // Whoever changes one of the two changes both.
  expect([SEARCH_WORDS.version.split(' ')[0], digest]).toEqual(['1', 'd46d5431f9d262cd']);
  expect(SEARCH_WORDS.version).toContain(process.versions['unicode']);
});
