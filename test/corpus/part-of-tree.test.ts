import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { PartOfTree } from '#dist/lib/corpus/part-of-tree.js';
import { comparePaths, sortPaths } from '#dist/lib/corpus/path-order.js';
import { walk } from '#dist/lib/corpus/walk.js';
import { makeTree, randomNumbers } from './tree.js';

const NAMES = ['a', 'a.txt', 'a-b', 'b', 'é', '\u{1F600}', '\uFF21', 'z'];

function numbersBelow(seed: number): (limit: number) => number {
  const next = randomNumbers(seed);
  return (limit) => Math.floor(next() * limit);
}

test('paths are ordered by the bytes of their UTF-8, as SQLite orders them', () => {
  const random = numbersBelow(5);
  const some = Array.from({ length: 300 }, () =>
    Array.from({ length: 1 + random(3) }, () => NAMES[random(NAMES.length)]).join('/'),
  );
  const byBytes = some.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(some.toSorted(comparePaths)).toEqual(byBytes);
  expect(sortPaths([...some])).toEqual(byBytes);
});

test('a walk of some paths finds exactly what the whole walk finds there, in order, and the ranges hold that', async () => {
  const root = makeTree({});
  const random = numbersBelow(11);
  const anyPath = () => Array.from({ length: 1 + random(4) }, () => NAMES[random(NAMES.length)]).join('/');
  for (let count = 0; count < 120; count++) {
    const file = path.join(root, anyPath());
    try {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, 'x');
    } catch {
      // a folder has the name of a file, or the other way round
    }
  }
  writeFileSync(path.join(root, '.gitignore'), 'a/b\nz\n');
  const found = async (only?: string[]) => {
    const all: string[] = [];
    for await (const entry of walk({ root, ...(only ? { only } : {}) })) all.push(entry.path);
    return all;
  };
  const whole = await found();
  expect(whole).toEqual(whole.toSorted(comparePaths));
  for (let round = 0; round < 60; round++) {
    const only = Array.from({ length: 1 + random(4) }, anyPath);
    if (round === 0) only.push('');
    const isAsked = (entry: string) =>
      only.some((each) => each === '' || entry === each || `${entry}/`.startsWith(`${each}/`));
    // A folder on the way that is left out stands for all that is below it.
    const isOnTheWay = (entry: string) => entry.endsWith('/') && only.some((each) => each.startsWith(entry));
    const expected = whole.filter((entry) => isAsked(entry) || isOnTheWay(entry));
    expect({ only, found: await found(only) }).toEqual({ only, found: expected });

    const ranges = new PartOfTree(only).ranges();
    const inRanges = whole.filter((entry) =>
      ranges.some(({ from, to }) => comparePaths(entry, from) >= 0 && comparePaths(entry, to) < 0),
    );
    expect(inRanges).toEqual(whole.filter(isAsked));
    for (const [index, { from }] of ranges.entries())
      if (index > 0) expect(comparePaths(ranges[index - 1]!.to, from)).toBeLessThanOrEqual(0);
  }
});
