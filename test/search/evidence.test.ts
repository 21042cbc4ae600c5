import { expect, it } from 'vitest';
import { evidenceOf, excludedIn } from '#dist/lib/search/evidence.js';
import { Stems } from '#dist/lib/search/stems.js';
import { understandQuery } from '#dist/lib/search/understand.js';

const chunk = {
  id: 1,
  fileId: 1,
  ordinal: 0,
  path: 'src/a.ts',
  language: 'typescript',
  startLine: 1,
  endLine: 2,
  text: 'const İstanbul = 1;\nfunction retryUpload() {}',
};

it('a word is found and excluded also where lower case makes it longer', () => {
  const found = (query: string) => evidenceOf([chunk], understandQuery(query), () => 1).ofChunk.get(1)!;
  expect(found('İstanbul').wordShare).toBe(1);
  expect(excludedIn(understandQuery('merhaba -İstanbul'))(chunk)).toBe(true);
  expect(excludedIn(understandQuery('merhaba -istanbul'))(chunk)).toBe(false);
});

it('a pasted text of hundreds of words finds definitions as a short query does', () => {
  const words = Array.from({ length: 300 }, (_, index) => `word${index}`);
  const { ofChunk } = evidenceOf([chunk], understandQuery(`${words.join(' ')} retry`), () => 1);
  expect(ofChunk.get(1)!.defines).toContain('retryUpload');
  expect(evidenceOf([chunk], understandQuery('retry'), () => 1).ofChunk.get(1)!.defines).toEqual([
    'retryUpload',
  ]);
});

it('stems that may be in a text are looked for, and may always be where there are many', () => {
  const few = new Stems(['retries', 'retry', 'uploading']);
  expect(few.count).toBe(2);
  expect(few.has('upload')).toBe(true);
  expect(few.mayBeIn('src/uploads.ts')).toBe(true);
  expect(few.mayBeIn('src/download.ts')).toBe(false);
  const many = new Stems(Array.from({ length: 100 }, (_, index) => `word${index}`));
  expect(many.mayBeIn('src/download.ts')).toBe(true);
});
