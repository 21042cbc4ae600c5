import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { SEARCH_WORDS } from '#dist/lib/indexing/search-words.js';
import { queryTerms } from '#dist/lib/search/query-terms.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { file, temporaryFolder } from '../store/fixtures.js';

const PROBE =
  'XMLHttpRequest snake_case2 v1.2.3 a-b don’t C++ x86_64 ÄrgerGroß naïve 한국어 日本語テキスト हिन्दी Ελληνικά ' +
  `Приветмир 🙂 e\u0301 tab\tnew\nline nul\0 ${'long'.repeat(30)}Identifier\n`;

test('words that come out differently are of another version: an index takes out only what it can compute again', () => {
  const digest = createHash('sha256').update(SEARCH_WORDS.wordsOf(PROBE)).digest('hex').slice(0, 16);
  // Whoever changes one of the two changes both.
  expect([SEARCH_WORDS.version.split(' ')[0], digest]).toEqual(['1', 'd46d5431f9d262cd']);
  expect(SEARCH_WORDS.version).toContain(process.versions['unicode']);
});

test('identifiers are found whole and by their parts, paths by theirs, prose by its stems', async () => {
  const store = openLocalStore(temporaryFolder());
  const writer = await store.openWriter({ root: '/' });
  await writer.setWords(SEARCH_WORDS);
  writer.putFile(...file('src/http/retryUpload.ts', ['const x = parseHTTPResponse2(max_retry_count)']));
  writer.putFile(...file('docs/guide.md', ['Indexing several folders, quickly']));
  await writer.close();
  const reader = await store.openReader();
  const find = (text: string): string[] =>
    [...reader.searchChunkWords(queryTerms(text), { limit: 9 }).ids].flatMap((id) =>
      reader.chunks([id]).map(({ path }) => path),
    );
  for (const text of ['parseHTTPResponse2', 'parse', 'http response', 'max_retry_count', 'retries', 'count'])
    expect(find(text)).toEqual(['src/http/retryUpload.ts']);
  for (const text of ['upload', 'retryUpload.ts', 'src/http'])
    expect(find(text)).toEqual(['src/http/retryUpload.ts']);
  for (const text of ['index folder', 'guide', '"the" AND NOT (several*)', 'folder OR'])
    expect(find(text)).toEqual(['docs/guide.md']);
  expect(find('the and of')).toEqual([]);
  reader.close();
});
