import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { asDamage, readSeal, sumsOf, writeSeal } from '#dist/lib/store/seal.js';
import { SealScan } from '#dist/lib/store/seal-scan.js';
import { Sqlite } from '#dist/lib/store/sqlite.js';
import { verifies } from '../house/promises.js';
import {
  embedPending,
  file,
  identity,
  modelFile,
  nearestTexts,
  temporaryFolder,
  vectorOf,
  wordRules,
} from './fixtures.js';

const TEXTS = Array.from({ length: 300 }, (_, number) => `text ${number} of many words that fill a page`);

async function fill(
  folder: string,
  texts = TEXTS,
): Promise<{ warnings: readonly string[]; pending: number }> {
  const writer = await openLocalStore(folder).openWriter({ root: '/root/of/files' });
  writer.setIdentity(identity, modelFile);
  await writer.setWords(wordRules);
  writer.transaction(() => texts.forEach((text, number) => writer.putFile(...file(`${number}.ts`, [text]))));
  const pending = writer.pendingCount();
  await embedPending(writer, { all: true });
  await writer.sweep();
  const { warnings } = writer;
  await writer.close();
  return { warnings, pending };
}

function damage(folder: string, name = 'index.db'): void {
  const bytes = readFileSync(path.join(folder, name));
  const at = bytes.indexOf('text 150 of many');
  bytes[(at < 0 ? Math.floor(bytes.length / 2) : at) + 3]! ^= 1;
  writeFileSync(path.join(folder, name), bytes);
}

/** A disk that spoils a bit changes no time of the file. */
async function damageSilently(folder: string): Promise<void> {
  damage(folder);
  const { sums, ...rest } = readSeal(folder)!;
  await writeSeal(folder, { ...rest, sums: { ...sums!, stamp: sumsOf(folder).stamp } });
}

/** A change of one file, as a watch makes them. */
async function removeOne(folder: string, name: string): Promise<void> {
  const writer = await openLocalStore(folder).openWriter({ root: '/root/of/files', isSmall: true });
  await writer.setWords(wordRules);
  writer.removeFile(name);
  await writer.close();
}

async function read(folder: string) {
  const reader = await openLocalStore(folder).openReader();
  try {
    const nearest = await nearestTexts(reader, vectorOf(TEXTS[7]!), 1);
    return {
      warnings: [...reader.warnings],
      counts: reader.counts(),
      found: reader.searchChunkWords(['page'], { limit: 999 }).ids.length,
      nearest,
    };
  } finally {
    reader.close();
  }
}

const WELL = {
  warnings: [],
  counts: { files: 300, chunks: 300, withVectors: 300 },
  found: 300,
  nearest: [TEXTS[7]],
};

describe('a database', () => {
  it('in which a byte has flipped is said by the reader, and made anew by the next writer with every vector that there was', async () => {
    verifies('damage-found');
    const folder = temporaryFolder();
    await fill(folder);
    expect(await read(folder)).toEqual(WELL);
    damage(folder);
    expect((await read(folder)).warnings).toEqual([
      expect.stringMatching(/1 parts of .*index\.db are damaged/u),
    ]);
    const { warnings, pending } = await fill(folder);
    expect(warnings).toEqual([expect.stringMatching(/was damaged .* 300 vectors were kept/u)]);
    expect(pending).toBe(0);
    expect(await read(folder)).toEqual(WELL);
    expect((await fill(folder)).warnings).toEqual([]);
  });

  it('that is no database any more is made anew with its vectors, also after a kill in the middle of that', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    writeFileSync(path.join(folder, 'index.db'), 'nothing that SQLite could read '.repeat(500));
    await expect(openLocalStore(folder).openReader()).rejects.toMatchObject({
      code: 'INDEX_DAMAGED',
      exitCode: 3,
    });
    // Marked, and the database gone: as far as a killed run may have come.
    await writeSeal(folder, { sums: null, damaged: true, kept: readSeal(folder)!.kept });
    for (const name of readdirSync(folder)) if (name.startsWith('index.db')) rmSync(path.join(folder, name));
    const { warnings, pending } = await fill(folder);
    expect(warnings).toEqual([expect.stringMatching(/300 vectors were kept/u)]);
    expect(pending).toBe(0);
    expect(await read(folder)).toEqual(WELL);
  });

  it('whose times have changed and nothing else is compared and found well', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    utimesSync(path.join(folder, 'index.db'), 1e9, 1e9);
    expect(await read(folder)).toEqual(WELL);
    expect((await fill(folder)).warnings).toEqual([]);
  });

  it('with a seal that is damaged or gone is read as it is, and sealed anew by the next writer', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    for (const spoil of [() => damage(folder, 'index.seal'), () => rmSync(path.join(folder, 'index.seal'))]) {
      spoil();
      expect(readSeal(folder)).toBeUndefined();
      expect(await read(folder)).toEqual(WELL);
      expect((await fill(folder)).warnings).toEqual([]);
      expect(readSeal(folder)).toMatchObject({ damaged: false, kept: { identity } });
    }
  });

  it.skipIf(process.platform !== 'linux')(
    'is compared without losing the locks that this process has on it',
    async () => {
      const locks = () =>
        readFileSync('/proc/locks', 'utf8')
          .split('\n')
          .filter((line) => line.includes(` ${process.pid} `) && line.includes(`:${inode} `)).length;
      const folder = temporaryFolder();
      await fill(folder);
      const inode = statSync(path.join(folder, 'index.db')).ino;
      const reader = await openLocalStore(folder).openReader();
      const held = locks();
      expect(held).toBeGreaterThan(0);
      utimesSync(path.join(folder, 'index.db'), 1e9, 1e9);
      expect((await read(folder)).warnings).toEqual([]);
      expect(locks()).toBe(held);
      reader.close();
    },
  );

  it('is not sealed while a writer has it: what it changes is no damage', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    const writer = await openLocalStore(folder).openWriter({ root: '/root/of/files' });
    expect(readSeal(folder)).toMatchObject({ sums: null });
    await writer.setWords(wordRules);
    writer.removeFile('3.ts');
    expect((await read(folder)).warnings).toEqual([]);
    await writer.close();
    expect(await read(folder)).toMatchObject({ warnings: [], counts: { chunks: 299 } });
  });

  it('that a disk has spoiled without a trace in its times is said by a reader as well', async () => {
    verifies('damage-found');
    const folder = temporaryFolder();
    await fill(folder);
    await damageSilently(folder);
    expect((await read(folder)).warnings).toEqual([
      expect.stringMatching(/1 parts of .*index\.db are damaged/u),
    ]);
  });

  it('is held against its checksums piece by piece while somebody reads it, unless a writer is at work', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    const reader = await openLocalStore(folder).openReader();
    expect(reader.checkMore(1)).toBe(false); // it was compared when it was opened
    reader.close();
    await damageSilently(folder);
    const scan = new SealScan(folder);
    const { bytes } = readSeal(folder)!.sums!;
    let steps = 1;
    while (scan.next(1)) steps++;
    expect([steps, scan.damaged]).toEqual([Math.ceil(bytes / (64 * 1024)), 1]);

    const interrupted = new SealScan(folder);
    expect(interrupted.next(1)).toBe(true);
    const { sums, ...rest } = readSeal(folder)!;
    await writeSeal(folder, { ...rest, sums: null });
    expect([interrupted.next(bytes), interrupted.damaged]).toEqual([false, 0]);
    await writeSeal(folder, { ...rest, sums });
    expect([interrupted.next(bytes), interrupted.damaged]).toEqual([false, 1]);
  });

  it('is not mended by a writer with a small change, which leaves that to the next one', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    damage(folder);
    const damaged = readFileSync(path.join(folder, 'index.db'));
    const small = { root: '/root/of/files', isSmall: true };
    await expect(openLocalStore(folder).openWriter(small)).rejects.toMatchObject({ code: 'INDEX_DAMAGED' });
    expect(readFileSync(path.join(folder, 'index.db')).equals(damaged)).toBe(true);
    expect((await fill(folder)).warnings).toEqual([expect.stringMatching(/300 vectors were kept/u)]);

    rmSync(path.join(folder, 'index.db'));
    await expect(openLocalStore(folder).openWriter(small)).rejects.toMatchObject({ code: 'INDEX_MISSING' });
  });

  it('is sealed after each small change by reading what has changed, and is then what a reading of all of it gives', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    for (const name of ['3.ts', '150.ts', '299.ts']) {
      const before = readSeal(folder)!.sums!;
      await removeOne(folder, name);
      const { sums, damaged, kept } = readSeal(folder)!;
      expect([sums, damaged, kept?.identity]).toEqual([sumsOf(folder), false, identity]);
      expect(sums).not.toEqual(before);
    }
    // Somebody else's commit, in the log still: which blocks it changes is not known from there alone.
    const database = new Sqlite(path.join(folder, 'index.db'), { busyMilliseconds: 5000 });
    database.exec(`update files set size = size + 1 where path = '7.ts'`);
    database.close();
    await removeOne(folder, '8.ts');
    expect(readSeal(folder)).toMatchObject({ sums: null, damaged: false });
    expect((await fill(folder)).warnings).toEqual([]);
    expect(readSeal(folder)!.sums).toEqual(sumsOf(folder));
  });

  it('that grows and shrinks by more than the log holds at a time is sealed as a reading of all of it gives', async () => {
    const folder = temporaryFolder();
    await fill(folder, TEXTS.slice(0, 3));
    for (const texts of [[...TEXTS, ...TEXTS.map((text) => `${text} again`.repeat(40))], TEXTS.slice(0, 5)]) {
      const writer = await openLocalStore(folder).openWriter({ root: '/root/of/files' });
      await writer.setWords(wordRules);
      for (const { path: known } of writer.files()) writer.removeFile(known);
      texts.forEach((text, number) => writer.putFile(...file(`${number}.ts`, [text])));
      await writer.sweep();
      await writer.close();
      expect(readSeal(folder)!.sums).toEqual(sumsOf(folder));
    }
  });

  it('that becomes shorter is read as a whole, or left without a seal: where it ends stands in no log', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    for (const isSmall of [true, false]) {
      const writer = await openLocalStore(folder).openWriter({ root: '/root/of/files', isSmall });
      await writer.setWords(wordRules);
      const before = statSync(path.join(folder, 'index.db')).size;
      const known = [...writer.files()].map((each) => each.path);
      writer.transaction(() => {
        for (const name of known.slice(0, known.length / 2)) writer.removeFile(name);
      });
      await writer.sweep();
      await writer.close();
      expect(statSync(path.join(folder, 'index.db')).size).toBeLessThan(before);
      expect(readSeal(folder)!.damaged).toBe(false);
      expect(readSeal(folder)!.sums).toEqual(isSmall ? null : sumsOf(folder));
    }
  });

  it('that is damaged is said at once, and no longer when it was made anew under the same reader', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    await damageSilently(folder);
    const scan = new SealScan(folder);
    scan.readIfSmall(1);
    expect(scan.damaged).toBe(0);
    while (scan.next(1));
    expect(scan.damaged).toBe(1);
    await fill(folder);
    expect(scan.damaged).toBe(0);
    expect([scan.next(Infinity), scan.damaged]).toEqual([false, 0]);
    rmSync(path.join(folder, 'index.db'));
    expect(scan.next(Infinity)).toBe(false);
  });

  it('that a disk has spoiled where a small change then writes is not sealed as if it were well', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    await damageSilently(folder);
    await removeOne(folder, '150.ts');
    expect(readSeal(folder)).toMatchObject({ sums: null, damaged: true });
    const { warnings, pending } = await fill(folder);
    expect([warnings, pending]).toEqual([[expect.stringMatching(/300 vectors were kept/u)], 0]);
    expect(await read(folder)).toEqual(WELL);
  });

  it('that is lost in the middle of a first run is made anew with the shards of that run', async () => {
    const folder = temporaryFolder();
    const writer = await openLocalStore(folder).openWriter({ root: '/root/of/files' });
    writer.setIdentity(identity, modelFile);
    await writer.setWords(wordRules);
    writer.transaction(() =>
      TEXTS.forEach((text, number) => writer.putFile(...file(`${number}.ts`, [text]))),
    );
    await embedPending(writer, { all: true });
    const { kept } = readSeal(folder)!;
    expect(kept?.shards).toHaveLength(1);
    await writer.close();
    await writeSeal(folder, { sums: null, damaged: true, kept });
    const { warnings, pending } = await fill(folder);
    expect([warnings, pending]).toEqual([[expect.stringMatching(/300 vectors were kept/u)], 0]);
  });

  it('that is damaged explains what a wrong value leads to, and no abort', async () => {
    const folder = temporaryFolder();
    await fill(folder);
    const wrong = new TypeError('not a number');
    expect(asDamage(wrong, folder)).toBe(wrong);
    damage(folder);
    expect(asDamage(wrong, folder)).toMatchObject({ code: 'INDEX_DAMAGED', cause: wrong });
    for (const error of [AbortSignal.abort().reason as unknown, new DOMException('late', 'TimeoutError')])
      expect(asDamage(error, folder)).toBe(error);
  });
});

describe('a reader that could not go on', () => {
  it('does so as soon as the index can be read again', async () => {
    const folder = temporaryFolder();
    await fill(folder, TEXTS.slice(0, 3));
    const reader = await openLocalStore(folder).openReader();
    reader.pause();
    const meta = (sql: string) => {
      const database = new Sqlite(path.join(folder, 'index.db'), { busyMilliseconds: 5000 });
      database.exec(sql);
      database.close();
    };
    meta(`update meta set value = 'x' || value where key = 'identity'`);
    for (const _ of [1, 2]) expect(() => reader.resume()).toThrow(SyntaxError);
    meta(`update meta set value = substr(value, 2) where key = 'identity'`);
    const next = reader.resume();
    expect(next.counts().chunks).toBe(3);

    next.pause();
    const [index, aside] = [path.join(folder, 'index.db'), path.join(folder, 'aside')];
    renameSync(index, aside);
    expect(() => next.resume()).toThrow(/no index/u);
    renameSync(aside, index);
    const last = next.resume();
    expect(last.counts().chunks).toBe(3);
    last.close();
  });
});
