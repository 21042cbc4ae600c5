import path from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreReader, StoreWriter } from '#dist/lib/store/types.js';
import { file, randomNumbers, rowsOf, temporaryFolder, wordRules } from './fixtures.js';

const VOCABULARY = 'river dog bark upload retry token cache shard parse commit'.split(' ');
const TERMS = [['river'], ['retry', 'upload', 'cache'], ['river dog'], ['never'], VOCABULARY, ['ts', 'deep']];

/** By the place of what was found, since row ids tell how an index came to be. */
function ranking(reader: StoreReader): unknown {
  const pathOf = new Map([...reader.files()].map(({ id, path: name }) => [id, name]));
  return TERMS.map((terms) => {
    const chunks = rowsOf(reader.searchChunkWords(terms, { limit: 1e6 }));
    const places = new Map(reader.chunks(chunks.map(({ id }) => id)).map((chunk) => [chunk.id, chunk]));
    const files = rowsOf(reader.searchFileWords(terms, { limit: 1e6 }));
    return {
      frequencies: terms.map((term) => reader.documentFrequency(term)),
      chunks: chunks
        .map(({ id, score }) => `${places.get(id)!.path}#${places.get(id)!.ordinal} ${score}`)
        .toSorted(),
      files: files.map(({ id, score }) => `${pathOf.get(id)} ${score}`).toSorted(),
    };
  });
}

async function rankingOf(folder: string): Promise<unknown> {
  const reader = await openLocalStore(folder).openReader();
  try {
    return ranking(reader);
  } finally {
    reader.close();
  }
}

async function open(folder: string, rules = wordRules): Promise<StoreWriter> {
  const writer = await openLocalStore(folder).openWriter({ root: '/' });
  await writer.setWords(rules);
  return writer;
}

/** The index that a first run over the same chunks would make. */
async function rankingMadeAnew(folder: string, rules = wordRules): Promise<unknown> {
  const anew = temporaryFolder();
  const reader = await openLocalStore(folder).openReader();
  const writer = await open(anew, rules);
  for (const record of reader.files()) {
    const chunks = [...reader.chunksOfFile(record.id)].map(({ startLine, endLine, text, symbol }) => ({
      startLine,
      endLine,
      text,
      embeddingKey: 'aa',
      ...(symbol === undefined ? {} : { symbol }),
    }));
    writer.putFile(record, chunks);
  }
  reader.close();
  await writer.close();
  return rankingOf(anew);
}

/** Edits of all kinds, some of them together in a transaction and some of those taken back. */
function editAtRandom(writer: StoreWriter, random: () => number, edits: number): void {
  const pick = (count: number): number => Math.floor(random() * count);
  const text = (): string =>
    Array.from({ length: pick(12) }, () => VOCABULARY[pick(VOCABULARY.length)]!).join(' ');
  const edit = (): void => {
    const name = `${pick(2) ? 'deep/' : ''}${pick(12)}.${pick(2) ? 'ts' : 'md'}`;
    const kind = pick(10);
    if (kind < 2) writer.removeFile(name);
    else if (kind < 4) splitAny(writer, pick, text);
    else {
      const [record, chunks] = file(name, Array.from({ length: pick(5) }, text));
      // Lines that run together, as where one chunk repeats the end of another, and odd symbols.
      const placed = chunks.map((chunk) => ({
        ...chunk,
        startLine: 1,
        endLine: 5,
        ...(pick(3) ? {} : { symbol: pick(2) ? 'river\0bed' : 'dog \uD800 house' }),
      }));
      writer.putFile(record, placed);
    }
  };
  for (let done = 0; done < edits; done++) {
    if (pick(3)) edit();
    else takeBackOneInThree(writer, pick, edit);
  }
}

function splitAny(writer: StoreWriter, pick: (count: number) => number, text: () => string): void {
  const pending = writer.pendingChunks(50);
  const chunk = pending[pick(pending.length)];
  if (chunk === undefined) return;
  const [, pieces] = file(chunk.path, [chunk.text, text(), text()]);
  writer.replaceChunk(chunk.id, pieces);
}

function takeBackOneInThree(writer: StoreWriter, pick: (count: number) => number, edit: () => void): void {
  const takenBack = pick(3) === 0;
  const work = (): void => {
    for (let count = pick(6); count > 0; count--) edit();
    if (takenBack) throw new Error('taken back');
  };
  if (takenBack) expect(() => writer.transaction(work)).toThrow('taken back');
  else writer.transaction(work);
}

describe('an index that was changed', () => {
  it.each([1, 2, 3, 4])(
    'ranks exactly as one made anew, whatever was put, replaced, split, removed or taken back (seed %i)',
    async (seed) => {
      const folder = temporaryFolder();
      const random = randomNumbers(seed);
      for (let run = 0; run < 3; run++) {
        const writer = await open(folder);
        editAtRandom(writer, random, 60);
        await writer.close();
        expect(await rankingOf(folder)).toEqual(await rankingMadeAnew(folder));
      }
    },
  );

  it('has sound word tables', async () => {
    const folder = temporaryFolder();
    const writer = await open(folder);
    editAtRandom(writer, randomNumbers(9), 200);
    await writer.close();
    const database = new Database(path.join(folder, 'index.db'));
    for (const table of ['chunk_words', 'file_words'])
      database.exec(`insert into ${table}(${table}) values ('integrity-check')`);
    database.close();
  });

  it('other rules make its words anew from the stored texts, at once', async () => {
    const folder = temporaryFolder();
    const backwards = {
      version: 'backwards',
      wordsOf: (text: string) => text.split(' ').toReversed().join(' '),
    };
    let writer = await open(folder);
    writer.putFile(...file('a.ts', ['river dog', 'bark']));
    await writer.close();
    const before = await openLocalStore(folder).openReader();
    writer = await open(folder, backwards);
    await writer.close();
    expect(before.documentFrequency('river dog')).toBe(1);
    before.close();
    const after = await openLocalStore(folder).openReader();
    expect(after.documentFrequency('river dog')).toBe(0);
    expect(after.documentFrequency('dog river')).toBe(1);
    expect(after.generation).toBe(before.generation + 1);
    after.close();
    writer = await open(folder, backwards);
    expect(writer.generation).toBe(after.generation);
    editAtRandom(writer, randomNumbers(5), 60);
    await writer.close();
    expect(await rankingOf(folder)).toEqual(await rankingMadeAnew(folder, backwards));
  });

  it('lets the event loop turn while it makes them, and what is thrown leaves the words before', async () => {
    const folder = temporaryFolder();
    let writer = await open(folder);
    const texts = Array.from({ length: 1000 }, (_, index) => `river ${index}`);
    writer.putFile(...file('a.ts', texts));
    await writer.close();
    const before = await rankingOf(folder);
    let made = 0;
    const failing = {
      version: 'failing',
      wordsOf: (text: string) => {
        if (++made === 700) throw new Error('no words');
        return text;
      },
    };
    writer = await openLocalStore(folder).openWriter({ root: '/' });
    await expect(writer.setWords(failing)).rejects.toThrow('no words');
    await writer.close();
    expect(await rankingOf(folder)).toEqual(before);

    let turns = 0;
    const count = setInterval(() => turns++, 0);
    const upper = { version: 'slow', wordsOf: (text: string) => text.toUpperCase() };
    writer = await open(folder, upper);
    clearInterval(count);
    await writer.close();
    expect(turns).toBeGreaterThan(3);
  });

  it.each([
    ['rows are gone', 'delete from chunk_words_docsize where id > 3'],
    ['a segment is gone', 'delete from chunk_words_data where id > 10'],
    ['the totals are gone', 'delete from file_words_data where id = 1'],
  ])('of whose words %s is mended from the stored texts by one of the next two runs', async (_name, sql) => {
    const folder = temporaryFolder();
    let writer = await open(folder);
    editAtRandom(writer, randomNumbers(3), 60);
    await writer.close();
    const database = new Database(path.join(folder, 'index.db'));
    database.exec(sql);
    database.close();
    for (let run = 0; run < 2; run++) {
      writer = await open(folder);
      try {
        for (const { path: name } of writer.files()) writer.removeFile(name);
        writer.putFile(...file('a.ts', ['river dog', 'retry']));
      } catch (error) {
        expect(error).toMatchObject({ code: 'INDEX_DAMAGED' });
      }
      await writer.close();
    }
    expect(await rankingOf(folder)).toEqual(await rankingMadeAnew(folder));
  });
});
