import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { Sqlite } from '#dist/lib/store/sqlite.js';

/** A stretch of a file of an index that one thing is kept in. */
export interface Region {
  readonly name: string;
  /** Relative to the index. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** Every region of every file of the index: SQLite's pages by what they hold, shards by their sections, the small files whole. */
export function regionsOf(indexDir: string): Region[] {
  const names = readdirSync(indexDir, { recursive: true, encoding: 'utf8' });
  const files = names.map((name) => ({ name, ...pick(statSync(path.join(indexDir, name))) }));
  return files.flatMap(({ name, size, isFile }): Region[] => {
    const file = path.join(indexDir, name);
    if (!isFile || size === 0 || name.endsWith('-shm')) return [];
    if (name === 'index.db') return pagesOf(file).map((region) => ({ ...region, file: name }));
    if (name.endsWith('.shard')) return sectionsOf(file).map((region) => ({ ...region, file: name }));
    if (name === 'index.db-wal') return framesOf(size).map((region) => ({ ...region, file: name }));
    return [{ name, file: name, start: 0, end: size }];
  });
}

function pick(stat: Stats): { size: number; isFile: boolean } {
  return { size: stat.size, isFile: stat.isFile() };
}

type Stretch = Omit<Region, 'file'>;

function pagesOf(file: string): Stretch[] {
  const database = new Sqlite(file, { busyMilliseconds: 5000 });
  const pages = database.all('select name, pageno, pgsize from dbstat order by pageno');
  database.close();
  return [
    { name: 'index.db: header', start: 0, end: 100 },
    ...pages.map(([name, page, bytes]) => {
      const start = ((page as number) - 1) * (bytes as number);
      const kind = /^(chunk|file)_words/u.test(String(name))
        ? 'words'
        : String(name).startsWith('sqlite_')
          ? 'catalogue'
          : String(name);
      return {
        name: `index.db: ${kind}`,
        start: page === 1 ? 100 : start,
        end: start + (bytes as number),
      };
    }),
  ];
}

function framesOf(size: number): Stretch[] {
  return [
    { name: 'index.db-wal: header', start: 0, end: 32 },
    { name: 'index.db-wal: frames', start: 32, end: size },
  ];
}

/** As `shard-format.ts` lays them out; whatever comes after the header is one of rows, sketch or ids by its length. */
function sectionsOf(file: string): Stretch[] {
  const bytes = readFileSync(file);
  const [dimensions, rows, idBytes] = [12, 16, 20].map((at) => bytes.readUInt32LE(at)) as [
    number,
    number,
    number,
  ];
  const ids = 32;
  const sketch = ids + Math.ceil((rows * idBytes) / 4) * 4 + 4;
  const rowBytes = dimensions * 4 + 12;
  const vectors = bytes.length - rows * rowBytes;
  const regions: Stretch[] = [
    { name: 'shard: header', start: 0, end: ids },
    { name: 'shard: ids', start: ids, end: sketch - 4 },
    { name: 'shard: checksum of ids', start: sketch - 4, end: sketch },
    { name: 'shard: sketch', start: sketch, end: vectors - 4 },
    { name: 'shard: checksum of sketch', start: vectors - 4, end: vectors },
  ];
  for (let row = 0; row < rows; row++) {
    const start = vectors + row * rowBytes;
    const numbers = start + dimensions * 4;
    regions.push(
      { name: 'shard: vectors', start, end: numbers },
      { name: 'shard: norms and checksums', start: numbers, end: start + rowBytes },
    );
  }
  return regions;
}
