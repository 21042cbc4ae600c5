import { expect, it } from 'vitest';
import { definitionsIn } from '#dist/lib/corpus/definitions-in.js';

it('code is about what it defines, Markdown about its headings, as far as they are of interest', () => {
  const code = 'export function retryUpload() {\n  const upload = retry();\n}\nclass Other {\n}\n';
  expect(definitionsIn(code, 'typescript', /retry|upload|other/gi)).toEqual(['retryUpload', 'Other']);
  expect(definitionsIn(code, 'typescript', /other/gi)).toEqual(['Other']);
  expect(definitionsIn(code, 'typescript', /nothing/gi)).toEqual([]);
  const guide = '# Guide\n\nHow to cancel.\n\n  ## Cancellation\n### Cancel: tokens\n#cancel\n';
  expect(definitionsIn(guide, 'markdown', /cancel/gi)).toEqual(['Cancellation', 'Cancel: tokens']);
  expect(definitionsIn(code, 'text', /retry/gi)).toEqual([]);
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
  expect(definitionsIn(line, language, /retries/gi).map((name) => name.toLowerCase())).toEqual([
    'max_retries',
  ]);
});

it.each([
  ['python', '    max_retries = 3'],
  ['python', '    self.max_retries = 3'],
  ['python', 'if MAX_RETRIES == 3:'],
  ['typescript', '  return MAX_RETRIES >= 3'],
  ['typescript', '  client.MAX_RETRIES = 3'],
])('%s: %j does not', (language, line) => {
  expect(definitionsIn(line, language, /retries/gi)).toEqual([]);
});
