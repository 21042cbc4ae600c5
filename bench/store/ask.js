// Asks an index as a hybrid query does, without the embedding: both legs, their fusion, the texts of the best ten.
//
//   node bench/store/ask.js DATA INDEX QUESTIONS
import { fuse, VECTOR_CANDIDATES, WORD_CANDIDATES } from '../../dist/lib/search/fuse.js';
import { queryTerms } from '../../dist/lib/search/query-terms.js';
import { openLocalStore } from '../../dist/lib/store/local-store.js';
import { readQuestions } from './corpus.js';
import { peakMegabytes } from './peak.js';

const WARM_UP = 20;
const [data = '', indexDir = '', count = ''] = process.argv.slice(2);

const questions = readQuestions(data);
const reader = await openLocalStore(indexDir).openReader();
/** @type {Record<'vectors' | 'chunkWords' | 'fileWords' | 'rest' | 'all', number[]>} */
const times = { vectors: [], chunkWords: [], fileWords: [], rest: [], all: [] };
let cpuBefore = process.cpuUsage();
for (let round = 0; round < WARM_UP + Number(count); round++) {
  const question = questions[round % questions.length];
  if (question === undefined) throw new Error('no questions');
  const { text, vector } = question;
  const terms = queryTerms(text);
  if (round === WARM_UP) cpuBefore = process.cpuUsage();
  const marks = [performance.now()];
  const vectors = await reader.searchVectors(vector, { limit: VECTOR_CANDIDATES });
  marks.push(performance.now());
  const chunkWords = reader.searchChunkWords(terms, { limit: WORD_CANDIDATES });
  marks.push(performance.now());
  const fileWords = reader.searchFileWords(terms, { limit: WORD_CANDIDATES });
  marks.push(performance.now());
  const hits = fuse({ vectors, chunkWords, fileWords }, 'hybrid').slice(0, 10);
  reader.chunks(hits.map(({ chunkId }) => chunkId));
  marks.push(performance.now());
  await new Promise((resolve) => setImmediate(resolve));
  if (round < WARM_UP) continue;
  ['vectors', 'chunkWords', 'fileWords', 'rest'].forEach((name, index) =>
    times[/** @type {'vectors'} */ (name)].push((marks[index + 1] ?? 0) - (marks[index] ?? 0)),
  );
  times.all.push((marks.at(-1) ?? 0) - (marks[0] ?? 0));
}
const { user, system } = process.cpuUsage(cpuBefore);
const quantile = (/** @type {number[]} */ values, /** @type {number} */ share) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length * share)];
const figures = Object.fromEntries(
  Object.entries(times).map(([name, values]) => [name, [quantile(values, 0.5), quantile(values, 0.99)]]),
);
// On a machine that does other work too, processor time says more than the clock.
const processorMilliseconds = (user + system) / 1000 / Number(count);
console.log(JSON.stringify({ ...figures, processorMilliseconds, peak: peakMegabytes() }));
reader.close();
