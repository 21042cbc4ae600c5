import { execFileSync } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openContained, READ_GUARDS, type ReadGuard } from '#dist/lib/search/contained-file.js';
import { ANSWER_CHARACTERS, LINE_CHARACTERS, readLines, SCANNED_BYTES } from '#dist/lib/search/read-lines.js';
import { addFiles, makeFolder } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';

const SECRET = 'nobody may read this';

/** A root, and beside it what must stay unread. */
function rootAndSecret() {
  const base = realpathSync(makeFolder({ 'root/a.txt': 'one\ntwo\nthree\n', 'outside/secret.txt': SECRET }));
  return { base, root: path.join(base, 'root'), secret: path.join(base, 'outside/secret.txt') };
}

/** What a reader gets: the text, or the code of the refusal. */
async function reading(root: string, file: string, guards?: readonly ReadGuard[]): Promise<string> {
  try {
    const { lines } = await readLines({ root, file, startLine: 1, endLine: 10 }, guards);
    return lines.join('\n');
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const without = (name: string) => READ_GUARDS.filter((guard) => guard.name !== name);

interface Attack {
  readonly guard: string;
  readonly what: string;
  /** The name to read, and what a reader without the guard would get. */
  readonly prepare: (place: ReturnType<typeof rootAndSecret>) => {
    file: string;
    gain: string;
    race?: ReadGuard;
  };
}

const ATTACKS: readonly Attack[] = [
  {
    guard: 'inside-by-name',
    what: '.. that asks whether a file exists',
    prepare: ({ root }) => ({ file: path.join(root, '../outside/not-there'), gain: 'PATH_NOT_FOUND' }),
  },
  {
    guard: 'inside-by-name',
    what: 'an absolute path that asks whether a file exists',
    prepare: () => ({ file: '/etc/not-there', gain: 'PATH_NOT_FOUND' }),
  },
  {
    guard: 'inside-by-descriptor',
    what: 'a link to a file outside',
    prepare: ({ root, secret }) => {
      symlinkSync(secret, path.join(root, 'link.txt'));
      return { file: path.join(root, 'link.txt'), gain: SECRET };
    },
  },
  {
    guard: 'inside-by-descriptor',
    what: 'a link to a folder outside',
    prepare: ({ root, secret }) => {
      symlinkSync(path.dirname(secret), path.join(root, 'folder'));
      return { file: path.join(root, 'folder/secret.txt'), gain: SECRET };
    },
  },
  {
    guard: 'inside-by-descriptor',
    what: 'a folder that becomes a link between the look and the opening',
    prepare: ({ root, secret }) => {
      addFiles(root, { 'folder/secret.txt': 'harmless' });
      const folder = path.join(root, 'folder');
      // Runs where an attacker would have to be fast: after the path was resolved, before it is opened.
      const swap = () => {
        renameSync(folder, `${folder}-before`);
        symlinkSync(path.dirname(secret), folder);
        return undefined;
      };
      return {
        file: path.join(folder, 'secret.txt'),
        gain: SECRET,
        race: { name: 'race', beforeOpen: swap },
      };
    },
  },
  {
    guard: 'inside-by-descriptor',
    what: 'the same, put back before the second look',
    prepare: ({ root, secret }) => {
      addFiles(root, { 'folder/secret.txt': 'harmless' });
      const folder = path.join(root, 'folder');
      const there = () => {
        renameSync(folder, `${folder}-before`);
        symlinkSync(path.dirname(secret), folder);
        return undefined;
      };
      const andBack = async () => {
        rmSync(folder);
        renameSync(`${folder}-before`, folder);
        return undefined;
      };
      return {
        file: path.join(folder, 'secret.txt'),
        gain: SECRET,
        race: { name: 'race', beforeOpen: there, afterOpen: andBack },
      };
    },
  },
  {
    guard: 'regular-file',
    what: 'a FIFO, which nobody writes to',
    prepare: ({ root }) => {
      execFileSync('mkfifo', [path.join(root, 'fifo')]);
      return { file: path.join(root, 'fifo'), gain: 'ESPIPE' }; // it was opened, and read from
    },
  },
  {
    guard: 'no-secrets',
    what: 'a key',
    prepare: ({ root }) => {
      addFiles(root, { 'deploy.pem': SECRET });
      return { file: path.join(root, 'deploy.pem'), gain: SECRET };
    },
  },
  {
    guard: 'no-secrets',
    what: 'a link with a harmless name to a file of passwords',
    prepare: ({ root }) => {
      addFiles(root, { '.env': SECRET });
      symlinkSync('.env', path.join(root, 'notes.txt'));
      return { file: path.join(root, 'notes.txt'), gain: SECRET };
    },
  },
  {
    guard: 'no-secrets',
    what: "git's own data, which may hold tokens",
    prepare: ({ root }) => {
      addFiles(root, { '.git/config': SECRET });
      return { file: path.join(root, '.git/config'), gain: SECRET };
    },
  },
];

describe.skipIf(process.platform === 'win32')('a file that must not be read', () => {
  test.each(ATTACKS)(
    '$guard refuses $what, and without it the attack succeeds',
    async ({ guard, prepare }) => {
      verifies('mcp-stays-inside');
      const one = rootAndSecret();
      const guarded = prepare(one);
      const guards = guarded.race ? [guarded.race, ...READ_GUARDS] : READ_GUARDS;
      expect(await reading(one.root, guarded.file, guards)).toBe('NO_PERMISSION');

      const other = rootAndSecret();
      const open = prepare(other);
      const rest = open.race ? [open.race, ...without(guard)] : without(guard);
      expect(await reading(other.root, open.file, rest)).toBe(open.gain);
    },
  );

  test('is tried by every guard there is', () => {
    expect(new Set(ATTACKS.map(({ guard }) => guard))).toEqual(new Set(READ_GUARDS.map(({ name }) => name)));
  });

  test.each([
    '.',
    'folder',
    '../outside',
    'folder/../../outside/secret.txt',
    '/dev/zero',
    '/proc/self/environ',
    '/etc/passwd',
  ])('as %s is none', async (name) => {
    const { root } = rootAndSecret();
    mkdirSync(path.join(root, 'folder'));
    expect(await reading(root, path.resolve(root, name))).toBe('NO_PERMISSION');
  });

  test('of another kind than text is refused, whatever its name', async () => {
    const { root } = rootAndSecret();
    addFiles(root, { 'a.ts': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]) });
    expect(await reading(root, path.join(root, 'a.ts'))).toBe('NO_PERMISSION');
  });
});

describe('a file that may be read', () => {
  test('is also one behind a link that stays inside, or with more names than one', async () => {
    const { root } = rootAndSecret();
    symlinkSync('a.txt', path.join(root, 'link.txt'));
    linkSync(path.join(root, 'a.txt'), path.join(root, 'again.txt'));
    for (const name of ['a.txt', 'link.txt', 'again.txt'])
      expect(await reading(root, path.join(root, name))).toBe('one\ntwo\nthree');
  });

  test('gives the lines asked for, in its own encoding, and says where it ends', async () => {
    const { root } = rootAndSecret();
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('eins\r\nzwei', 'utf16le')]);
    addFiles(root, {
      'utf16.txt': utf16,
      'latin.txt': Buffer.from('stra\xdfe\n', 'latin1'),
      'empty.txt': '',
    });
    const read = (name: string, startLine: number, endLine: number) =>
      readLines({ root, file: path.join(root, name), startLine, endLine });
    expect(await read('utf16.txt', 1, 5)).toEqual({ lines: ['eins', 'zwei'], startLine: 1, totalLines: 2 });
    expect(await read('latin.txt', 1, 5)).toMatchObject({ lines: ['straße'] });
    expect(await read('a.txt', 2, 2)).toEqual({ lines: ['two'], startLine: 2 });
    expect(await read('empty.txt', 1, 5)).toEqual({ lines: [], startLine: 1, totalLines: 0 });
    await expect(read('a.txt', 4, 9)).rejects.toThrow('has 3 lines');
    await expect(read('not-there.txt', 1, 9)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });

  test('is read no further than an answer holds, however long it or its lines are', async () => {
    const { root } = rootAndSecret();
    const file = path.join(root, 'long.txt');
    writeFileSync(file, `${'x'.repeat(5 * LINE_CHARACTERS)}\n${'line\n'.repeat(100_000)}`);
    const all = await readLines({ root, file, startLine: 1, endLine: 100_000 });
    expect(all.lines[0]!.length).toBe(LINE_CHARACTERS + 1);
    expect(all.lines.join('\n').length).toBeLessThanOrEqual(ANSWER_CHARACTERS);
    expect(all.cut).toContain('go on from line');

    // Too large to look for a line at its end.
    const large = path.join(root, 'large.txt');
    const descriptor = openSync(large, 'w');
    const block = Buffer.alloc(1024 * 1024, 'a line of a log\n');
    for (let at = 0; at <= SCANNED_BYTES; at += block.length) writeSync(descriptor, block);
    closeSync(descriptor);
    await expect(
      readLines({ root, file: large, startLine: 10_000_000, endLine: 10_000_001 }),
    ).rejects.toThrow('has no line 10000000 in what is read of it');
  });

  test('is closed again, also when it was refused', async () => {
    const { root, secret } = rootAndSecret();
    symlinkSync(secret, path.join(root, 'link.txt'));
    for (let round = 0; round < 50; round++) {
      await reading(root, path.join(root, 'link.txt'));
      await reading(root, path.join(root, 'a.txt'));
    }
    const { handle } = await openContained({ root, file: path.join(root, 'a.txt') });
    expect(handle.fd).toBeLessThan(60);
    await handle.close();
  });
});
