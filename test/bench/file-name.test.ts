import { expect, it } from 'vitest';
import { fileName } from '../../bench/retrieval/beir.js';

it.each([
  ['4983', '4983.md'],
  ['common/tar.md', 'common/tar.md'],
  ['common/[[.md', 'common/[[.md'],
  ['common/..md', 'common/%2e.md'],
  ['../../etc/passwd', '%2e./%2e./etc/passwd.md'],
  ['/absolute', '%00/absolute.md'],
  ['a\nb:c', 'a%0ab%3ac.md'],
])('the document %j becomes the file %j', (id, file) => {
  expect(fileName(id)).toBe(file);
});
