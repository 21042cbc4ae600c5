// Are made-up vectors as hard to find as real ones? Recall@10 by number of candidates over 10,000 of each, the
// questions being real, and how near the neighbours are.
//
//   node bench/store/likeness.js DATA
import { Candidates, SketchScanner } from '../../dist/lib/store/sketch.js';
import { writeSketch } from '../../dist/lib/store/shard-format.js';
import { Corpus, readQuestions } from './corpus.js';
import { DIMENSIONS, REAL_CHUNKS } from './real-data.js';

const CANDIDATES = [100, 200, 300, 500, 700, 1000];
const NEAREST = 10;
const ROWS = 2_000;
const ROW_BYTES = DIMENSIONS / 8;
const EVERY_ROW = new Uint8Array(ROWS / 8).fill(255);
const [data = ''] = process.argv.slice(2);
const questions = readQuestions(data);
const corpus = new Corpus(data);

console.log(JSON.stringify({ real: measure(0), madeUp: measure(REAL_CHUNKS) }));
corpus.close();

/** @returns {{cosines: number[], recall: Record<string, number>}} of the first and the tenth neighbour; by candidates */
function measure(/** @type {number} */ first) {
  const vectors = Array.from({ length: REAL_CHUNKS }, (_, index) => corpus.vector(first + index));
  const sketches = new Uint8Array(REAL_CHUNKS * ROW_BYTES);
  vectors.forEach((vector, row) =>
    writeSketch(vector, sketches.subarray(row * ROW_BYTES, (row + 1) * ROW_BYTES)),
  );
  const cosines = [0, 0];
  const found = CANDIDATES.map(() => 0);
  const scanner = new SketchScanner();
  for (const { vector: question } of questions) {
    const ranked = vectors
      .map((vector, row) => ({
        row,
        score: vector.reduce((sum, value, at) => sum + value * (question[at] ?? 0), 0),
      }))
      .sort((a, b) => b.score - a.score)
      .slice(0, NEAREST);
    cosines[0] += ranked[0]?.score ?? 0;
    cosines[1] += ranked.at(-1)?.score ?? 0;
    for (const [index, size] of CANDIDATES.entries()) {
      const candidates = new Candidates(size, scanner.prepare(question, ROW_BYTES, ROWS));
      for (let row = 0; row < REAL_CHUNKS; row += ROWS) {
        scanner.sketch(ROWS).set(sketches.subarray(row * ROW_BYTES, (row + ROWS) * ROW_BYTES));
        scanner.scan(ROWS, EVERY_ROW, row, candidates);
      }
      const chosen = new Set(candidates.locations());
      found[index] += ranked.filter(({ row }) => chosen.has(row)).length;
    }
  }
  const share = (/** @type {number} */ count) => Number((count / questions.length / NEAREST).toFixed(4));
  return {
    cosines: cosines.map((sum) => Number((sum / questions.length).toFixed(3))),
    recall: Object.fromEntries(CANDIDATES.map((size, index) => [size, share(found[index] ?? 0)])),
  };
}
