import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesBelow, ROOT } from './imports.js';
import { PROMISES } from './promises.js';

// Suites that several tests share claim promises too.
const testFiles = filesBelow('test', ['.ts']).filter((file) => !file.startsWith('test/house/promises'));
const claims = testFiles.flatMap((file) => {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  return [...text.matchAll(/\bverifies\(\s*'([^']*)'\s*,?\s*\)/g)].map(([, id]) => ({ file, id: id! }));
});

describe('the promises of the product', () => {
  it('each has a test that proves it', () => {
    const proven = new Set(claims.map((claim) => claim.id));
    expect(Object.keys(PROMISES).filter((id) => !proven.has(id))).toEqual([]);
  });

  it('no test claims to prove one that was not made', () => {
    expect(claims.filter(({ id }) => !(id in PROMISES))).toEqual([]);
  });

  it('every claim is readable for this test: a plain string in the call', () => {
    const calls = testFiles.flatMap((file) =>
      [...readFileSync(path.join(ROOT, file), 'utf8').matchAll(/\bverifies\((?!\s*')/g)].map(() => file),
    );
    expect(calls).toEqual([]);
  });
});
