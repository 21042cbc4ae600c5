// How long the ranking of 1,000 candidates takes: made-up candidates of 300 files with evidence for the first 200, for
// a sentence, a name and a pasted stack trace. Prints the median and the best of the rounds in milliseconds.
//
//   node bench/search/rank.js [ROUNDS]
import { diversify } from '../../dist/lib/search/diversify.js';
import { rank } from '../../dist/lib/search/rank.js';
import { understandQuery } from '../../dist/lib/search/understand.js';
import { weightsFor } from '../../dist/lib/search/weights.js';

const CANDIDATES = 1_000;
const FILES = 300;
const WORDS = 'retry upload parse config http client stream buffer token cache index shard query'.split(' ');

const rounds = Number(process.argv[2] ?? 200);
const weights = weightsFor('hybrid', { ranking: true, vectorShare: undefined, codeShare: 1 });
const ranges = {
  vector: { high: 0.8, low: 0.2 },
  words: { high: 20, low: 1 },
  fileWords: { high: 20, low: 1 },
};
const queries = {
  sentence: 'where do we retry a failed upload of a file in the http client',
  name: 'retryUpload',
  trace: Array.from(
    { length: 200 },
    (_, line) => `    at ${word(line)}${word(line + 1)} (/app/src/${word(line)}.ts:${line}:7)`,
  ).join('\n'),
};

for (const [name, text] of Object.entries(queries)) {
  const query = understandQuery(text);
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const made = candidates(round);
    const started = performance.now();
    diversify(rank(made, query, ranges, weights), 10);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  console.log(
    `${name.padEnd(10)} median ${times[rounds >> 1]?.toFixed(2)} ms, best ${times[0]?.toFixed(2)} ms`,
  );
}

function word(/** @type {number} */ seed) {
  return WORDS[((seed * 7919) >>> 0) % WORDS.length] ?? '';
}

function candidates(/** @type {number} */ round) {
  return Array.from({ length: CANDIDATES }, (_, index) => {
    const file = (index * 31 + round) % FILES;
    const name = `${word(index)}${word(index + round).replace(/^./, (first) => first.toUpperCase())}`;
    const evidence = { defines: [name, word(index + 3)], phrases: 0, wordShare: 0.5 };
    return {
      chunkId: index,
      fileId: file,
      path: `src/lib/${word(file)}/${word(file + 1)}-${file}.ts`,
      startLine: (index * 13) % 700,
      symbol: name,
      vector: index % 3 === 0 ? 0.2 + ((index * 37) % 600) / 1000 : undefined,
      words: index % 4 === 0 ? undefined : 1 + ((index * 53) % 190) / 10,
      fileWords: 1 + ((file * 17) % 190) / 10,
      evidence: index < 200 ? evidence : undefined,
    };
  });
}
