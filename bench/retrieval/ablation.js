// What each part of the ranking is worth: asks the questions of sets that are indexed already (bench/retrieval/run.js,
// bench/retrieval/code-questions/run.js) and ranks the same candidates with one part off at a time, and by each leg
// alone. Prints nDCG@10 by files, and what the part gives (paired bootstrap).
//
//   node bench/retrieval/ablation.js NAME=SET:INDEX...      SET in BEIR form, INDEX an index folder
//
// Several sets with the same NAME are one column; NAME may end in +md where document ids are file names without it.
import { bootstrap } from '../../dist/lib/evaluation/bootstrap.js';
import { mean, scoreQuery } from '../../dist/lib/evaluation/metrics.js';
import { readEvaluationSet } from '../../dist/lib/evaluation/read-set.js';
import { bestOfEachFile } from '../../dist/lib/search/each-file.js';
import { rank } from '../../dist/lib/search/rank.js';
import { Searcher } from '../../dist/lib/search/searcher.js';
import { weightsFor } from '../../dist/lib/search/weights.js';
import { figure } from './figures.js';

/** @typedef {import('../../dist/lib/search/weights.js').RankingWeights} Weights */

const share = { ranking: true, vectorShare: undefined };
const full = weightsFor('hybrid', share);
const legs = weightsFor('hybrid', { ...share, ranking: false });
const everyKind = (/** @type {number} */ value) =>
  /** @type {Weights['vector']} */ (
    Object.fromEntries(Object.keys(full.vector).map((kind) => [kind, value]))
  );

/** @type {readonly [string, Weights][]} */
const VARIANTS = [
  ['all parts', full],
  ['words alone, no rules', { ...legs, vector: everyKind(0) }],
  ['vectors alone, no rules', { ...legs, vector: everyKind(1) }],
  ['both, no rules', legs],
  ['no vectors', { ...full, vector: everyKind(0), meaningByWordShare: 0 }],
  ['no words (rules stay)', { ...full, vector: everyKind(1), meaningByWordShare: 0 }],
  ['one weight for all queries', { ...full, vector: everyKind(full.vector.sentence) }],
  ['chunks without their file', { ...full, fileShare: 0 }],
  ['the same share of meaning whatever words are there', { ...full, meaningByWordShare: 0 }],
  ['no share of words', { ...full, wordShare: 0, fileWordShare: 0 }],
  ['no definition', { ...full, definition: 0, definitionWords: 0 }],
  ['no file name', { ...full, fileName: legs.fileName, namedFile: 0 }],
  ['no coherence', { ...full, coherence: 0 }],
  ['no kind of file', { ...full, kind: legs.kind }],
  ['no phrase', { ...full, phrase: 0 }],
];

/** @type {Map<string, Map<string, number[]>>} column -> variant -> nDCG@10 of each query */
const columns = new Map();
for (const argument of process.argv.slice(2)) {
  const [, name = '', set = '', index = ''] = /^([^=]+)=([^:]+):(.+)$/.exec(argument) ?? [];
  await measure(name.replace(/\+md$/, ''), set, index, name.endsWith('+md'));
}
report();

async function measure(
  /** @type {string} */ column,
  /** @type {string} */ folder,
  /** @type {string} */ indexDir,
  /** @type {boolean} */ isMarkdown,
) {
  const { queries, judgements } = await readEvaluationSet(folder);
  const searcher = await Searcher.open({ indexDir });
  const scores = columns.get(column) ?? new Map(VARIANTS.map(([name]) => [name, []]));
  columns.set(column, scores);
  for (const { id, text } of queries) {
    const judged = judgements.get(id);
    if (judged === undefined) continue;
    const { candidates, query, ranges } = await searcher.candidates({ text });
    for (const [name, weights] of VARIANTS) {
      const best = bestOfEachFile(
        rank(candidates, query, ranges, weights),
        ({ candidate }) => candidate.fileId,
      );
      const files = best
        .slice(0, 10)
        .map(({ candidate }) => (isMarkdown ? candidate.path.replace(/\.md$/, '') : candidate.path));
      scores.get(name)?.push(scoreQuery(files, judged).ndcg10);
    }
  }
  await searcher.close();
}

function report() {
  const names = [...columns.keys()];
  console.log(`| | ${names.join(' | ')} |\n| --- |${' ---: |'.repeat(names.length)}`);
  for (const [variant] of VARIANTS) {
    const cells = names.map((column) => {
      const scores = columns.get(column)?.get(variant) ?? [];
      if (variant === 'all parts') return figure(mean(scores));
      const all = columns.get(column)?.get('all parts') ?? [];
      const { mean: change, low, high } = bootstrap(scores.map((score, at) => score - (all[at] ?? 0)));
      return `${figure(mean(scores))} ${change < 0 ? '' : '+'}${figure(change)}${low > 0 || high < 0 ? '*' : ''}`;
    });
    console.log(`| ${variant} | ${cells.join(' | ')} |`);
  }
  console.log('\n* the 95 % interval of the paired difference leaves out 0');
}
