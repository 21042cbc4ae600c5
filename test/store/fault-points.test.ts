import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder, projectRoot } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';
import { contentsOf } from '../proof/contents.js';
import { completeIndex, leftovers, runIndex, useDeterministicEmbedder, wholeIndex } from '../proof/runs.js';
import { fileText } from '../proof/tree.js';
import { randomNumbers } from './made-up.js';

useDeterministicEmbedder();

function textsBelow(folder: string, ending: RegExp): string[] {
  const names = readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => ending.test(name))
    .map((name) => readFileSync(path.join(projectRoot, folder, name), 'utf8'));
}

const count = (texts: readonly string[], what: RegExp) =>
  texts.reduce((sum, text) => sum + (text.match(what)?.length ?? 0), 0);

test('fault points are in the build for faults only, all of them, and nothing of it is published', () => {
  verifies('no-test-code-ships');
  const points = count(textsBelow('src', /\.ts$/u), /\/\/ Fault point: /gu);
  expect(points).toBeGreaterThan(20);
  expect(count(textsBelow('dist-faults', /\.js$/u), /faultPoint\?\.\(/gu)).toBe(points);
  expect(count(textsBelow('dist-faults', /\.js$/u), /Fault (point|build): /gu)).toBe(0);
  expect(count(textsBelow('dist', /\.js$/u), /faultPoint/gu)).toBe(0);
  const { files } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    files: string[];
  };
  expect(files.filter((entry) => entry.includes('faults'))).toEqual([]);
});

// A thousand of them, at every step of every kind of run: test/crash/store-kills.crash.ts.
test.each([
  ['lock taken', 1],
  ['to be committed', 5],
  ['shard renamed', 1],
  ['shard named', 1],
  ['temporary file synced', 2],
])(
  'a run that is killed where it says "%s" leaves a whole index, and the next one completes it',
  async (point, pass) => {
    const random = randomNumbers(3);
    const names = Array.from({ length: 30 }, (_, file) => `part/${file}.${['txt', 'md', 'ts'][file % 3]!}`);
    const root = makeFolder(Object.fromEntries(names.map((name) => [name, fileText(name, random)])));
    const indexDir = path.join(makeFolder(), 'index');
    const { signal } = await runIndex({
      build: 'dist-faults',
      options: { root, indexDir },
      fault: { point, pass },
    });
    expect(signal).toBe('SIGKILL');
    await wholeIndex(indexDir);
    await completeIndex({ root, indexDir });
    const fresh = path.join(makeFolder(), 'index');
    await completeIndex({ root, indexDir: fresh });
    expect(await contentsOf(indexDir)).toEqual(await contentsOf(fresh));
    expect(leftovers(indexDir)).toEqual([]);
  },
);
