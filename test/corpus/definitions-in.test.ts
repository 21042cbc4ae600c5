import { expect, it } from 'vitest';
import { definitionsIn } from '#dist/lib/corpus/definitions-in.js';

function defined(text: string, language: string, ...words: string[]): string[] {
  return definitionsIn(text, language, words);
}

it('code is about what it defines, Markdown about its headings, as far as they are of interest', () => {
  const code = 'export function retryUpload() {\n  const upload = retry();\n}\nclass Other {\n}\n';
  expect(defined(code, 'typescript', 'retry', 'upload', 'other')).toEqual(['retryUpload', 'Other']);
  expect(defined(code, 'typescript', 'other')).toEqual(['Other']);
  expect(defined(code, 'typescript', 'nothing')).toEqual([]);
  const guide = '# Guide\n\nHow to cancel.\n\n  ## Cancellation\n### Cancel: tokens\n#cancel\n';
  expect(defined(guide, 'markdown', 'cancel')).toEqual(['Cancellation', 'Cancel: tokens']);
  expect(defined(code, 'text', 'retry')).toEqual([]);
});

it.each([
  ['python', 'MAX_RETRIES: int = 3'],
  ['python', 'max_retries = 3'],
  ['ruby', '  MAX_RETRIES = 3'],
  ['go', '\tMAX_RETRIES = 3'],
  ['c', '#define MAX_RETRIES 3'],
  ['c', 'static const char *MAX_RETRIES[] = {'],
  ['cpp', 'std::map<int, int> MAX_RETRIES = {}'],
  ['java', '    private static final int MAX_RETRIES = 3;'],
  ['typescript', 'export const MAX_RETRIES: number = 3'],
  ['rust', 'pub(crate) const MAX_RETRIES: &[u8] = b"3";'],
])('%s: %j defines a constant', (language, line) => {
  expect(defined(line, language, 'retries').map((name) => name.toLowerCase())).toEqual(['max_retries']);
});

it.each([
  ['python', '    max_retries = 3'],
  ['python', '    self.max_retries = 3'],
  ['python', 'if MAX_RETRIES == 3:'],
  ['typescript', '  return MAX_RETRIES >= 3'],
  ['typescript', '  client.MAX_RETRIES = 3'],
])('%s: %j does not', (language, line) => {
  expect(defined(line, language, 'retries')).toEqual([]);
});

it('finds a word behind a letter that lower case makes longer, on each line once, also at the end of the text', () => {
  const code = `${'\u0130'.repeat(20)}\nconst first = 1; // İ retry retry\nfunction retryUpload() {}`;
  expect(defined(code, 'typescript', 'retry', 'upload')).toEqual(['first', 'retryUpload']);
  expect(defined(code, 'typescript')).toEqual([]);
});

it('each line is asked where there are no words to look for', () => {
  const code = '\n\nclass One {}\n\nfunction two() {}';
  expect(definitionsIn(code, 'typescript', undefined)).toEqual(['One', 'two']);
  expect(definitionsIn('', 'typescript', undefined)).toEqual([]);
});
