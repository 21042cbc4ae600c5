// How many of the ten nearest of an exact scan the two stages find, over all files and behind filters.
//
//   node bench/store/recall.js DATA INDEX QUESTIONS [SHARE OF FILES]...
import { createHash } from 'node:crypto';
import { openLocalStore } from '../../dist/lib/store/local-store.js';
import { readQuestions } from './corpus.js';

const [data = '', indexDir = '', count = '', ...shares] = process.argv.slice(2);
const questions = readQuestions(data).slice(0, Number(count));
const reader = await openLocalStore(indexDir).openReader();
for (const share of shares.map(Number)) {
  const filter = share === 1 ? undefined : { accepts: (/** @type {string} */ name) => chance(name) < share };
  const first = performance.now();
  await reader.searchVectors(/** @type {any} */ (questions[0]).vector, { limit: 10, filter });
  const prepare = performance.now() - first;
  const times = [];
  let found = 0;
  let wanted = 0;
  let exactTime = 0;
  for (const { vector } of questions) {
    let from = performance.now();
    const exact = await reader.searchVectors(vector, { limit: 10, filter, exact: true });
    exactTime += performance.now() - from;
    from = performance.now();
    const hits = await reader.searchVectors(vector, { limit: 10, filter });
    times.push(performance.now() - from);
    const right = new Set(exact.map(({ chunkId }) => chunkId));
    wanted += right.size;
    found += hits.filter(({ chunkId }) => right.has(chunkId)).length;
  }
  const p50 = times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
  console.log(
    JSON.stringify({
      share,
      recall: wanted === 0 ? 1 : found / wanted,
      p50,
      exactMean: exactTime / questions.length,
      prepare,
    }),
  );
}
reader.close();

/** The same number between 0 and 1 for a path each time. */
function chance(/** @type {string} */ name) {
  return createHash('sha256').update(name).digest().readUInt32LE(0) / 2 ** 32;
}
