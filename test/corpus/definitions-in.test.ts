import { expect, it } from 'vitest';
import { definitionsIn } from '#dist/lib/corpus/definitions-in.js';

it('code is about what it defines, Markdown about its headings, as far as they are of interest', () => {
  const code = 'export function retryUpload() {\n  const upload = retry();\n}\nclass Other {\n}\n';
  expect(definitionsIn(code, 'typescript', /retry|upload|other/i)).toEqual(['retryUpload', 'Other']);
  expect(definitionsIn(code, 'typescript', /other/i)).toEqual(['Other']);
  expect(definitionsIn(code, 'typescript', /nothing/i)).toEqual([]);
  const guide = '# Guide\n\nHow to cancel.\n\n  ## Cancellation\n### Cancel: tokens\n#cancel\n';
  expect(definitionsIn(guide, 'markdown', /cancel/i)).toEqual(['Cancellation', 'Cancel: tokens']);
  expect(definitionsIn(code, 'text', /retry/i)).toEqual([]);
});
