// Asks an index as a hybrid query does, without the embedding: both legs, the ranking, the texts of the best ten.
//
//   node bench/store/ask.js DATA INDEX QUESTIONS
import { heapTidier } from '../../dist/lib/memory/tidy-heap.js';
import {
  gather,
  rangesOf,
  searchWords,
  VECTOR_CANDIDATES,
  WORD_CANDIDATES,
} from '../../dist/lib/search/gather.js';
import { rank } from '../../dist/lib/search/rank.js';
import { termWeights } from '../../dist/lib/search/term-weights.js';
import { understandQuery } from '../../dist/lib/search/understand.js';
import { weightsFor } from '../../dist/lib/search/weights.js';
import { openLocalStore } from '../../dist/lib/store/local-store.js';
import { readQuestions } from './corpus.js';
import { peakMegabytes } from './peak.js';

const WARM_UP = 20;
const HITS = 10;
const weights = weightsFor('hybrid', { ranking: true, vectorShare: undefined, codeShare: 1 });
const [data = '', indexDir = '', count = ''] = process.argv.slice(2);

const questions = readQuestions(data);
const reader = await openLocalStore(indexDir).openReader();
const { chunks } = reader.counts();
/** @type {Record<'vectors' | 'words' | 'ranking' | 'texts' | 'all', number[]>} */
const times = { vectors: [], words: [], ranking: [], texts: [], all: [] };
const questionEnded = heapTidier();
let cpuBefore = process.cpuUsage();
for (let round = 0; round < WARM_UP + Number(count); round++) {
  const question = questions[round % questions.length];
  if (question === undefined) throw new Error('no questions');
  if (round === WARM_UP) cpuBefore = process.cpuUsage();
  const { text, vector } = question;
  const marks = [performance.now()];
  const query = understandQuery(text);
  const vectors = await reader.searchVectors(vector, { limit: VECTOR_CANDIDATES });
  marks.push(performance.now());
  const legs = { vectors, ...searchWords(reader, query.terms, WORD_CANDIDATES, undefined) };
  marks.push(performance.now());
  const weightOf = termWeights(reader, chunks);
  const candidates = gather(reader, query, legs, { weightOf, weights, limit: HITS });
  const ranked = rank(candidates, query, rangesOf(legs), weights);
  marks.push(performance.now());
  reader.chunks(ranked.slice(0, HITS).map(({ candidate }) => candidate.chunkId));
  marks.push(performance.now());
  // As a server does between two calls, and `query --batch` between two questions.
  await new Promise((resolve) => setImmediate(resolve));
  questionEnded();
  if (round < WARM_UP) continue;
  ['vectors', 'words', 'ranking', 'texts'].forEach((name, index) =>
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
