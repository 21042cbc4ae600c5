import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { indexFolder } from '#dist/lib/indexing/index-folder.js';
import { makeFolder } from '../e2e/cli.js';

test('what a listener for memory throws ends its run, not the process', async () => {
  // More than a second of work, since memory is told each second.
  const text = () => Array.from({ length: 300 }, () => randomBytes(3).toString('hex')).join(' ');
  const folder = makeFolder(
    Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${index}.txt`, text()])),
  );
  let heard = 0;
  const onMemory = () => {
    heard++;
    throw new Error('no listener');
  };
  await expect(indexFolder({ root: folder, onMemory })).rejects.toThrow('no listener');
  expect(heard).toBeGreaterThan(0);
});
