import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { comparePaths } from '#dist/lib/corpus/path-order.js';
import { addFiles, makeTree, paths, randomNumbers } from './tree.js';

const NAMES = ['a', 'b', 'ab', 'foo', 'bar', 'a.c', 'b.o', 'x y', 'doc.md', 'abc.c'];
const PIECES = [
  'a',
  'b',
  'foo',
  'bar',
  '*',
  '*.c',
  '*.o',
  'a*',
  '?',
  '[ab]',
  '**',
  '[!a]*',
  'x y',
  'doc.md',
  'abc.c',
  'a?c*',
];

// What `git init` makes, as far as git needs it: a process less for each tree.
const EMPTY_REPOSITORY = { '.git/HEAD': 'ref: refs/heads/main\n', '.git/objects/': '', '.git/refs/': '' };

/** Two hundred small repositories with random trees and ignore files; git itself says which files count. */
it('finds in 200 random trees exactly the files that git does not ignore', async () => {
  const random = randomNumbers(20_260_101);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const pattern = (): string => {
    const parts = Array.from({ length: 1 + Math.floor(random() * 2.4) }, () => pick(PIECES)).join('/');
    return `${random() < 0.3 ? '!' : ''}${random() < 0.25 ? '/' : ''}${parts}${random() < 0.25 ? '/' : ''}`;
  };
  const ignoreFile = (): string =>
    Array.from({ length: 1 + Math.floor(random() * 4) }, pattern).join('\n') + '\n';
  const environment = {
    ...process.env,
    HOME: '/nonexistent',
    XDG_CONFIG_HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
  };

  for (let round = 0; round < 200; round++) {
    const tree: Record<string, string> = {};
    const folders = [''];
    for (let count = 0; count < 14; count++) {
      const path = pick(folders) + pick(NAMES);
      if (Object.keys(tree).includes(path) || folders.includes(`${path}/`)) continue;
      if (random() < 0.45) folders.push(`${path}/`);
      else tree[path] = '';
    }
    for (const folder of folders)
      if (folder === '' || random() < 0.35) tree[`${folder}.gitignore`] = ignoreFile();
    const root = makeTree();
    addFiles(root, { ...EMPTY_REPOSITORY, ...tree });
    if (random() < 0.3) addFiles(root, { '.git/info/exclude': ignoreFile() });

    const listed = execFileSync('git', ['-C', root, 'ls-files', '-z', '-co', '--exclude-standard'], {
      env: environment,
    })
      .toString()
      .split('\0')
      .filter(isOrdinary);
    const found = (await paths(root)).filter(isOrdinary);
    expect({ tree, found }).toEqual({ tree, found: listed.toSorted(comparePaths) });

    // The same from within: a walk of a subfolder finds what git lists there (a folder that is ignored itself aside).
    const inner = folders.at(-1)!;
    const within = listed.filter((path) => path.startsWith(inner)).map((path) => path.slice(inner.length));
    if (within.length === 0) continue;
    const foundWithin = (await paths(join(root, inner))).filter(isOrdinary);
    expect({ tree, inner, foundWithin }).toEqual({ tree, inner, foundWithin: within.toSorted(comparePaths) });
  }
});

/** git lists hidden files; the walk does so only where a pattern brings them back. */
function isOrdinary(path: string): boolean {
  return path !== '' && !path.endsWith('.gitignore');
}
