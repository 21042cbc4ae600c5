import { existsSync } from 'node:fs';
import { embeddingText } from '../../corpus/embedding-text.js';
import { EmbedSearchError, ERROR_CODES } from '../../errors.js';
import { indexCommand } from '../../indexing/index-command.js';
import { damageSeenByReader } from '../../store/seal.js';
import type { StoreReader } from '../../store/types.js';
import { writerOf } from '../../store/writer-lock.js';
import type { CheckDefinition } from '../check.js';
import { cosine } from '../figures.js';
import { measureStaleness } from '../staleness.js';

const SAMPLED_CHUNKS = 3;
/** Another CPU may round another way; another model, prefix or text gives something else altogether. */
const LEAST_COSINE = 0.999;

const EMBED_AGAIN = 'Embed their texts again: embed-search doctor --fix, or embed-search index';

/** By the rules of the last run: others would take other files in. */
function bringUpToDate({ lastRun }: StoreReader, root: string, indexDir: string): string {
  return `Bring it up to date: ${indexCommand({ root, indexDir, walk: lastRun?.walk })}`;
}

export const indexCheck: CheckDefinition = {
  id: 'index',
  title: 'Index',
  area: 'index',
  run: async (subject) => {
    const { index } = subject.options;
    if (index instanceof EmbedSearchError && index.code === 'INDEX_MISSING') {
      return { status: 'skip', detail: 'this folder has none', fix: index.fix };
    }
    const reader = await subject.reader();
    // Before any text is read from it: one that is no longer UTF-8 ends the process in libsql.
    const damagedParts = damageSeenByReader(subject.indexDir!);
    if (damagedParts > 0) {
      const detail = `${damagedParts} parts of the database are damaged`;
      return { status: 'fail', detail, facts: { damagedParts }, fix: ERROR_CODES.INDEX_DAMAGED.fix };
    }
    const { files, chunks } = reader.counts();
    const { dimensions = null } = reader.identity ?? {};
    const facts = { generation: reader.generation, files, chunks, dimensions };
    const detail = `generation ${reader.generation}, ${files} files, ${chunks} chunks, in ${subject.indexDir}`;
    return { status: 'pass', detail, facts };
  },
};

export const integrityCheck: CheckDefinition = {
  id: 'integrity',
  title: 'Index is sound',
  area: 'index',
  needs: ['index'],
  run: async (subject) => {
    const reader = await subject.reader();
    if (!subject.options.deep) {
      const missingShards = reader.missingShards();
      if (missingShards === 0) return { status: 'skip', detail: 'reads all of it: only with --deep' };
      const detail = `missing on the disk: ${missingShards === 1 ? 'a shard' : `${missingShards} shards`} of its vectors`;
      return { status: 'fail', detail, facts: { missingShards }, fix: EMBED_AGAIN };
    }
    const { shards, damagedShards, database } = await reader.verify(subject.signal);
    const facts = { shards, damagedShards, databaseIsSound: database === null };
    if (database !== null) {
      return {
        status: 'fail',
        detail: `the database is damaged: ${database.split('\n')[0]}`,
        facts,
        fix: ERROR_CODES.INDEX_DAMAGED.fix,
      };
    }
    const detail = `every page of the database and every block of every shard (${shards}) was read`;
    return damagedShards === 0
      ? { status: 'pass', detail, facts }
      : {
          status: 'fail',
          detail: `damaged or missing: ${damagedShards} of ${shards === 1 ? 'one shard' : `${shards} shards`}`,
          facts,
          fix: EMBED_AGAIN,
        };
  },
};

export const chunksCheck: CheckDefinition = {
  id: 'index-vectors',
  title: 'Vectors of the index',
  area: 'index',
  needs: ['index', 'embedder'],
  run: async (subject) => {
    const reader = await subject.reader();
    const model = await subject.model();
    const again = async () => bringUpToDate(reader, await subject.root(), subject.indexDir!);
    if (reader.identity === null) return { status: 'skip', detail: 'it has none yet', fix: await again() };
    if (model.sha256 !== reader.identity.modelSha256) {
      return {
        status: 'warn',
        detail: `made by ${reader.identity.modelId}, not by ${model.id}`,
        fix: 'Name the model that made the index with --model, or make it anew: embed-search index --rebuild',
      };
    }
    const chunks = reader.sampleWithVectors(SAMPLED_CHUNKS);
    if (chunks.length === 0)
      return { status: 'skip', detail: 'no chunk has a vector yet', fix: await again() };
    const embedder = await subject.embedder();
    const { documentPrefix } = reader.identity;
    const fresh = await embedder.embedBatch(chunks.map((chunk) => documentPrefix + embeddingText(chunk)));
    let least = 1;
    let unreadable = 0;
    for (const [position, chunk] of chunks.entries()) {
      const [stored, now] = [await reader.vectorOf(chunk.id), fresh[position]!];
      if (stored === undefined) unreadable++;
      else least = Math.min(least, now.ok ? cosine(stored, now.vector) : 0);
    }
    const leastCosine = unreadable < chunks.length ? Number(least.toFixed(6)) : null;
    const facts = { chunks: chunks.length, leastCosine, unreadable };
    const detail = `${chunks.length} chunks embedded again: least cosine ${least.toFixed(5)}`;
    if (least < LEAST_COSINE)
      return { status: 'fail', detail, facts, fix: 'Make the index anew: embed-search index --rebuild' };
    if (unreadable === 0) return { status: 'pass', detail, facts };
    return {
      status: 'fail',
      detail: `of ${chunks.length} chunks the vectors of ${unreadable} are missing or damaged on the disk`,
      facts,
      fix: EMBED_AGAIN,
    };
  },
};

export const coverageCheck: CheckDefinition = {
  id: 'coverage',
  title: 'Share with vectors',
  area: 'index',
  needs: ['index'],
  run: async (subject) => {
    const reader = await subject.reader();
    const { chunks, withVectors } = reader.counts();
    let [quarantined, leftOut] = [0, 0];
    for (const { startLine } of reader.problems()) {
      if (startLine === undefined) leftOut += 1;
      else quarantined += 1;
    }
    const lastRun = reader.lastRun?.outcome ?? null;
    const facts = { chunks, withVectors, quarantined, leftOut, lastRun };
    const detail =
      `${withVectors} of ${chunks} chunks; the last run: ${lastRun ?? 'none'}; ` +
      `left out ${leftOut} files, quarantined ${quarantined} chunks`;
    return withVectors === chunks && quarantined === 0
      ? { status: 'pass', detail, facts }
      : {
          status: 'warn',
          detail,
          facts,
          fix: `${bringUpToDate(reader, await subject.root(), subject.indexDir!)}; what is left out and why: embed-search status`,
        };
  },
};

export const freshnessCheck: CheckDefinition = {
  id: 'freshness',
  title: 'Freshness',
  area: 'index',
  needs: ['index'],
  run: async (subject) => {
    const [reader, root] = [await subject.reader(), await subject.root()];
    if (!existsSync(root)) {
      return {
        status: 'warn',
        detail: `the folder ${root} is gone`,
        fix: 'Index the folder where it is now.',
      };
    }
    const stale = await measureStaleness(reader, root, subject.indexDir!, subject.signal);
    const detail = `${stale.changed} files changed, ${stale.added} new, ${stale.removed} gone since it was made`;
    return stale.changed + stale.added + stale.removed === 0
      ? { status: 'pass', detail: 'as the files are now', facts: { ...stale } }
      : { status: 'warn', detail, facts: { ...stale }, fix: bringUpToDate(reader, root, subject.indexDir!) };
  },
};

export const lockCheck: CheckDefinition = {
  id: 'lock',
  title: 'Lock',
  area: 'index',
  needs: ['index'],
  run: ({ indexDir }) => {
    const pid = writerOf(indexDir!);
    return pid === null
      ? { status: 'pass', detail: 'nobody writes', facts: { isHeld: false } }
      : { status: 'pass', detail: `process ${pid} is writing`, facts: { isHeld: true } };
  },
};
