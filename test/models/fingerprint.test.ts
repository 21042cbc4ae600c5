import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { fingerprintFile } from '#dist/lib/models/fingerprint.js';
import { shippedModelPath } from '#dist/lib/models/resolve-model.js';

it('is the SHA-256 of the bytes', async () => {
  expect(await fingerprintFile(shippedModelPath())).toBe(
    'f2bc475397e764fc174f5ca684d46ab2b50c6969286c615f559058d26bd2879f',
  );
});

const MEASURE = `
  import { readFileSync } from 'node:fs';
  import { fingerprintFile } from '#dist/lib/models/fingerprint.js';
  // not getrusage: a child inherits the peak of the process that forked it
  const peak = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  await fingerprintFile('package.json');
  const before = peak();
  await fingerprintFile(process.argv[1]);
  console.log(peak() - before);
`;

it.runIf(process.platform === 'linux')('holds a buffer of the file in memory, not the file', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', MEASURE, shippedModelPath()],
    { cwd: path.resolve(import.meta.dirname, '../..') },
  );
  expect(Number(stdout)).toBeLessThan(8); // of 25 MB
});
