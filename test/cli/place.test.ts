import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { indexedPath, parsePlace } from '#dist/lib/cli/place.js';
import { makeFolder, SMALL_PROJECT } from '../e2e/cli.js';

describe('a place as somebody types it', () => {
  it('is a file and a line, parted by the last colon', () => {
    expect(parsePlace('src/a.ts:12')).toEqual({ file: 'src/a.ts', line: 12 });
    expect(parsePlace(String.raw`C:\src\a.ts:7`)).toEqual({ file: String.raw`C:\src\a.ts`, line: 7 });
    expect(parsePlace('odd:name.ts:3')).toEqual({ file: 'odd:name.ts', line: 3 });
  });

  it.each([
    'src/a.ts',
    'src/a.ts:',
    'src/a.ts:0',
    'src/a.ts:-1',
    'src/a.ts:1.5',
    ':3',
    '',
    'a:99999999999999999999',
  ])('that is %j is a usage error', (typed) => {
    expect(() => parsePlace(typed)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('the path that the index knows', () => {
  it('is that of the file below the root, however it is named', () => {
    const root = makeFolder(SMALL_PROJECT);
    expect(indexedPath(path.join(root, 'src/upload.ts'), root)).toBe('src/upload.ts');
    expect(indexedPath(path.join(root, 'src/../docs/guide.md'), root)).toBe('docs/guide.md');
  });

  it('is that of a file whose name begins with two dots', () => {
    const root = makeFolder({ '..x': 'a' });
    expect(indexedPath(path.join(root, '..x'), root)).toBe('..x');
  });

  it('is the typed one, tidied, of a file that is not there', () => {
    const root = makeFolder(SMALL_PROJECT);
    expect(indexedPath('./src//gone.ts', root)).toBe('src/gone.ts');
  });

  it.skipIf(process.platform === 'win32')('is found through a link to the root', () => {
    const root = makeFolder(SMALL_PROJECT);
    const link = path.join(makeFolder(), 'link');
    symlinkSync(root, link);
    expect(indexedPath(path.join(link, 'src/upload.ts'), root)).toBe('src/upload.ts');
    expect(indexedPath(path.join(root, 'src/upload.ts'), link)).toBe('src/upload.ts');
  });
});
