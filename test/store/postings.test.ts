import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DoclistReader } from '#dist/lib/store/doclist.js';
import { Postings } from '#dist/lib/store/postings.js';
import { Sqlite } from '#dist/lib/store/sqlite.js';
import { randomNumbers, temporaryFolder } from './fixtures.js';

/** Few words are in many rows, many in few. */
const WORDS = 400;

interface Table {
  readonly database: Sqlite;
  readonly postings: Postings;
}

const opened: Sqlite[] = [];
afterAll(() => opened.forEach((database) => database.close()));

/** A table of words as the index has one; `pageBytes` makes many pages of few words. */
function makeTable(pageBytes = 4_050): Table {
  const database = new Sqlite(path.join(temporaryFolder(), 'words.db'), { busyMilliseconds: 1_000 });
  opened.push(database);
  database.exec(`create virtual table chunk_words using fts5(body, symbol, path, content='', tokenize='unicode61');
    create virtual table temp.places using fts5vocab(main, chunk_words, instance);
    insert into chunk_words(chunk_words, rank) values ('pgsz', ${pageBytes})`);
  return { database, postings: new Postings(database, 'chunk_words', new DoclistReader()) };
}

function token(word: string): string {
  return Buffer.from(word).toString('hex');
}

/** By SQLite's own table of places: of each row, how often the word stands there. */
function countsByFts5(database: Sqlite, word: string): [number, number][] {
  return database.all(
    'select doc, count(*) from temp.places where term = ? group by doc order by doc',
    word,
  ) as unknown as [number, number][];
}

function countsByPages(postings: Postings, word: string): [number, number][] {
  const [found] = postings.find([token(word)]);
  const { ids, counts } = found ? postings.rows([found])[0]! : { ids: [], counts: [] };
  return Array.from(ids, (id, index) => [id, counts[index]!]);
}

describe('the rows of a word, read from the pages of FTS5', () => {
  // Segments of different ages, rows that were removed, that came back with other words, and are in no order.
  it.each([
    ['pages as they are', 4_050, 1],
    ['short pages, so that rows and places go on from one to the next', 64, 2],
    ['pages of some rows', 300, 3],
  ])('are those that its own table of places has: %s', (_name, pageBytes, seed) => {
    const { database } = makeTable(pageBytes);
    const random = randomNumbers(seed);
    const pick = (below: number): number => Math.floor(random() * below);
    const rows = new Map<number, string[]>();
    const textOf = (longest: number): string =>
      Array.from({ length: 1 + pick(longest) }, () => `w${pick(pick(WORDS) + 1)}`).join(' ');
    const remove = (id: number): void => {
      const sql = `insert into chunk_words(chunk_words, rowid, body, symbol, path) values ('delete', ?, ?, ?, ?)`;
      database.run(sql, id, ...rows.get(id)!);
      rows.delete(id);
    };
    for (let round = 0; round < 25; round++) {
      database.exec('begin');
      for (let step = 0; step < 40; step++) {
        const id = 1 + pick(2_000_000);
        if (rows.has(id)) remove(id);
        const texts = [textOf(step === 0 ? 3_000 : 60), pick(3) === 0 ? textOf(3) : '', textOf(5)];
        database.run('insert into chunk_words(rowid, body, symbol, path) values (?, ?, ?, ?)', id, ...texts);
        rows.set(id, texts);
      }
      for (const id of [...rows.keys()].filter(() => pick(6) === 0)) remove(id);
      database.exec('commit');
      // Half of a merge, as writers leave one behind.
      if (round % 5 === 4) database.exec(`insert into chunk_words(chunk_words, rank) values ('merge', 3)`);
      const postings = new Postings(database, 'chunk_words', new DoclistReader());
      expect(countsByPages(postings, 'w0').length).toBeGreaterThan(3);
      const words = Array.from({ length: 20 }, (_, number) => `w${number}`);
      const found = postings.find(words.map(token)).filter((one) => one !== undefined);
      expect(postings.rows(found).map(({ ids }) => ids.length)).toEqual(
        words.map((word) => countsByFts5(database, word).length).filter((length) => length > 0),
      );
      for (let number = 0; number < WORDS; number += round === 24 ? 1 : 37)
        expect(countsByPages(postings, `w${number}`)).toEqual(countsByFts5(database, `w${number}`));
    }
  });

  it.each([64, 300, 4_050])(
    'go on after a row whose places end anywhere on a page: pages of %d bytes',
    (pageBytes) => {
      for (
        let places = 1;
        places <= (pageBytes === 4_050 ? 8_200 : 700);
        places += pageBytes === 4_050 ? 101 : 1
      ) {
        const { database, postings } = makeTable(pageBytes);
        const insert = 'insert into chunk_words(rowid, body) values (?, ?)';
        database.exec('begin');
        database.run(insert, 5, 'other word '.repeat(places));
        database.run(insert, 9, 'word');
        database.run(insert, 12, 'a word and a word');
        database.exec('commit');
        expect(countsByPages(postings, 'word')).toEqual([
          [5, places],
          [9, 1],
          [12, 2],
        ]);
        database.close();
      }
    },
  );

  it('have no row that was removed in a segment all of whose terms are in a merge that has not ended', () => {
    const { database } = makeTable();
    const put = (from: number, to: number, text: (id: number) => string): void => {
      database.exec('begin');
      for (let id = from; id <= to; id++)
        database.run('insert into chunk_words(rowid, body) values (?, ?)', id, text(id));
      database.exec('commit');
    };
    put(1, 1_000, (id) => `filler${id} more${id % 50} rest${id % 90} zebra${id}`);
    put(1_001, 1_010, () => 'apple');
    database.run(`insert into chunk_words(chunk_words, rowid, body) values ('delete', 1003, 'apple')`);
    for (let step = 0; step < 40; step++) {
      const merge = `insert into chunk_words(chunk_words, rank) values ('merge', ?)`;
      database.run(merge, step === 0 ? -1 : 1);
      for (const word of ['apple', 'filler7', 'more3', 'zebra900'])
        expect(countsByPages(new Postings(database, 'chunk_words', new DoclistReader()), word)).toEqual(
          countsByFts5(database, word),
        );
    }
  });

  it('are none for a word that is nowhere, whatever stands beside it, and in a table without rows', () => {
    const { database, postings } = makeTable();
    expect(postings.find([token('a')])).toEqual([undefined]);
    database.run(`insert into chunk_words(rowid, body) values (1, 'b bb bbb d')`);
    const filled = new Postings(database, 'chunk_words', new DoclistReader());
    const words = ['a', 'b', 'bb', 'bbbb', 'c', 'd', 'da', 'e', ''].map(token);
    expect(filled.find(words).map((found) => found !== undefined)).toEqual([
      false,
      true,
      true,
      false,
      false,
      true,
      false,
      false,
      false,
    ]);
  });

  it('are found for a thousand words at once', () => {
    const { database } = makeTable();
    for (let id = 1; id <= 1_000; id++)
      database.run('insert into chunk_words(rowid, body) values (?, ?)', id, `word${id} word${id}`);
    const words = Array.from({ length: 1_000 }, (_, index) => token(`word${index + 1}`));
    const postings = new Postings(database, 'chunk_words', new DoclistReader());
    const found = postings.find(words).filter((one) => one !== undefined);
    expect(postings.rows(found).map(({ ids, counts }) => [...ids, ...counts])).toEqual(
      words.map((_word, index) => [index + 1, 2]),
    );
  });

  it('that are cut off or overwritten are an error or other rows, and never without an end', () => {
    const { database } = makeTable(300);
    for (let id = 1; id <= 500; id++)
      database.run('insert into chunk_words(rowid, body) values (?, ?)', id, `w${id % 7} w${id % 3} common`);
    database.exec(`insert into chunk_words(chunk_words) values ('optimize')`);
    const pages = database.all('select id, block from chunk_words_data') as unknown as [number, Buffer][];
    const random = randomNumbers(4);
    const pick = (below: number): number => Math.floor(random() * below);
    const outcomes = { read: 0, damaged: 0 };
    for (let round = 0; round < 400; round++) {
      const [id, block] = pages[pick(pages.length)]!;
      const wrong = Buffer.from(round % 4 === 0 ? block.subarray(0, pick(block.length)) : block);
      if (wrong.length > 0) wrong[pick(wrong.length)] = pick(256);
      database.run('update chunk_words_data set block = ? where id = ?', wrong, id);
      try {
        const postings = new Postings(database, 'chunk_words', new DoclistReader());
        for (const word of ['common', 'w0', 'w1', 'w6']) countsByPages(postings, word);
        outcomes.read++;
      } catch (error) {
        expect(error).toMatchObject({ code: 'INDEX_DAMAGED' });
        outcomes.damaged++;
      }
      database.run('update chunk_words_data set block = ? where id = ?', block, id);
    }
    expect(outcomes.damaged).toBeGreaterThan(20);
    expect(outcomes.read).toBeGreaterThan(20);
  });
});
