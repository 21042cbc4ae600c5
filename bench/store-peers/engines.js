// Each engine: `build` writes the vectors, numbered from 0, into a folder; `open` gives a search for the numbers of the
// nearest ten. Settings are the engines' own recommendations; what they are stands beside the figures.
import { createHash } from 'node:crypto';
import path from 'node:path';

const NEAREST = 10;
const DIMENSIONS = 384;

/**
 * @typedef {(vector: Float32Array) => Promise<number[]> | number[]} Search
 * @typedef {{note: string, build: (folder: string, vectors: Iterable<Float32Array>, count: number) => Promise<void>,
 *   open: (folder: string, count: number) => Promise<Search>}} Engine
 */

/** @type {Record<string, Engine>} */
export const ENGINES = {
  'embed-search': {
    note: 'sketch and exact rescoring, on disk; one word of text each',
    async build(folder, vectors, count) {
      const { openLocalStore } = await import('../../dist/lib/store/local-store.js');
      const writer = await openLocalStore(folder).openWriter({ root: folder });
      writer.setIdentity(identity, { path: '/model.gguf', bytes: 1, mtimeMs: 1 });
      await writer.setWords({ version: 'bench', wordsOf: (text) => text });
      await writer.putFiles(oneWordFiles(count));
      let pending = [];
      const next = () => (pending = pending.length > 0 ? pending : writer.pendingChunks(400)).shift();
      let staged = [];
      for (const vector of vectors) {
        staged.push({ key: next()?.embeddingKey ?? '', vector });
        if (pending.length > 0) continue;
        writer.stageVectors(staged);
        staged = [];
        await writer.publish();
      }
      await writer.publish({ all: true });
      await writer.close();
    },
    async open(folder) {
      const { openLocalStore } = await import('../../dist/lib/store/local-store.js');
      const reader = await openLocalStore(folder).openReader();
      // Chunks are numbered from 1 in the order in which they came.
      return async (vector) =>
        (await reader.searchVectors(vector, { limit: NEAREST })).map(({ chunkId }) => chunkId - 1);
    },
  },
  'sqlite-vec': {
    note: 'exact scan',
    async build(folder, vectors) {
      const database = await openSqliteVec(folder);
      database.exec(
        `pragma journal_mode = wal; create virtual table v using vec0(e float[${DIMENSIONS}] distance_metric=cosine)`,
      );
      const insert = database.prepare('insert into v(rowid, e) values (cast(? as integer), ?)');
      let number = 0;
      database.exec('begin');
      for (const vector of vectors) insert.run(number++, bytesOf(vector));
      database.exec('commit');
      database.close();
    },
    async open(folder) {
      const database = await openSqliteVec(folder);
      const select = database.prepare(`select rowid from v where e match ? and k = ${NEAREST}`).raw();
      return (vector) => select.all(bytesOf(vector)).map(([number]) => Number(number));
    },
  },
  'hnswlib-node': {
    note: 'M 16, efConstruction 200, ef 100; all of it in memory',
    async build(folder, vectors, count) {
      const { default: hnswlib } = await import('hnswlib-node');
      const index = new hnswlib.HierarchicalNSW('cosine', DIMENSIONS);
      index.initIndex(count, 16, 200);
      let number = 0;
      for (const vector of vectors) index.addPoint(Array.from(vector), number++);
      await index.writeIndex(path.join(folder, 'hnsw'));
    },
    async open(folder) {
      const { default: hnswlib } = await import('hnswlib-node');
      const index = new hnswlib.HierarchicalNSW('cosine', DIMENSIONS);
      await index.readIndex(path.join(folder, 'hnsw'));
      index.setEf(100);
      return (vector) => index.searchKnn(Array.from(vector), NEAREST).neighbors;
    },
  },
  'lancedb, no index': {
    note: 'exact scan',
    build: buildLance,
    async open(folder) {
      const table = await openLance(folder);
      return async (vector) =>
        numbers(await table.search(vector).distanceType('cosine').limit(NEAREST).toArray());
    },
  },
  'lancedb, IVF_PQ': {
    note: 'default partitions, 48 sub-vectors, 20 probes, refine factor 20',
    async build(folder, vectors) {
      await buildLance(folder, vectors);
      const { Index } = await import('@lancedb/lancedb');
      const table = await openLance(folder);
      await table.createIndex('vector', {
        config: Index.ivfPq({ distanceType: 'cosine', numSubVectors: 48 }),
      });
    },
    async open(folder) {
      const table = await openLance(folder);
      return async (vector) =>
        numbers(
          await table
            .search(vector)
            .distanceType('cosine')
            .nprobes(20)
            .refineFactor(20)
            .limit(NEAREST)
            .toArray(),
        );
    },
  },
  'vectra, as it comes': {
    note: 'exact scan of one JSON file in memory',
    async build(folder, vectors) {
      const { LocalIndex } = await import('vectra');
      const index = new LocalIndex(folder);
      await index.createIndex();
      let number = 0;
      const items = [];
      for (const vector of vectors)
        items.push({ vector: Array.from(vector), metadata: { number: number++ } });
      await index.batchInsertItems(items);
    },
    async open(folder) {
      const { LocalIndex } = await import('vectra');
      const index = new LocalIndex(folder);
      return async (vector) =>
        (await index.queryItems(Array.from(vector), '', NEAREST)).map(({ item }) =>
          Number(item.metadata.number),
        );
    },
  },
};

const identity = {
  modelId: 'bench',
  modelSha256: '00'.repeat(32),
  dimensions: DIMENSIONS,
  pooling: 'mean',
  queryPrefix: '',
  documentPrefix: '',
  tokenLimit: 128,
  normalization: 'none',
};

function* oneWordFiles(/** @type {number} */ count) {
  for (let first = 0; first < count; first += 20) {
    const chunks = Array.from({ length: Math.min(20, count - first) }, (_, index) => ({
      startLine: index + 1,
      endLine: index + 1,
      text: `w${first + index}`,
      embeddingKey: createHash('sha256')
        .update(String(first + index))
        .digest('hex'),
    }));
    const hash = createHash('sha256').update(`file ${first}`).digest('hex');
    yield { record: { path: `${first}.txt`, size: 1, mtimeMs: 1, inode: 1, hash, language: 'text' }, chunks };
  }
}

async function openSqliteVec(/** @type {string} */ folder) {
  const [{ default: Database }, vec] = await Promise.all([import('better-sqlite3'), import('sqlite-vec')]);
  const database = new Database(path.join(folder, 'vec.db'));
  vec.load(database);
  return database;
}

function bytesOf(/** @type {Float32Array} */ vector) {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

async function buildLance(/** @type {string} */ folder, /** @type {Iterable<Float32Array>} */ vectors) {
  const lancedb = await import('@lancedb/lancedb');
  const connection = await lancedb.connect(folder);
  let rows = [];
  let number = 0;
  let table;
  for (const vector of vectors) {
    rows.push({ vector: Array.from(vector), number: number++ });
    if (rows.length < 10_000) continue;
    if (table === undefined) table = await connection.createTable('v', rows);
    else await table.add(rows);
    rows = [];
  }
  if (rows.length > 0) await (table === undefined ? connection.createTable('v', rows) : table.add(rows));
}

async function openLance(/** @type {string} */ folder) {
  const lancedb = await import('@lancedb/lancedb');
  return (await lancedb.connect(folder)).openTable('v');
}

function numbers(/** @type {{number: number}[]} */ rows) {
  return rows.map(({ number }) => number);
}
