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

/** Words and vectors without any rule. */
const legs = weightsFor('hybrid', { ranking: false, vectorShare: undefined, codeShare: 0 });
const everyKind = (/** @type {Weights} */ { vector }, /** @type {number} */ value) =>
  /** @type {Weights['vector']} */ (Object.fromEntries(Object.keys(vector).map((kind) => [kind, value])));

/**
 * From the weights of the folder.
 *
 * @type {Readonly<Record<string, (full: Weights) => Weights>>}
 */
const VARIANTS = {
  'all parts': (full) => full,
  'words alone, no rules': () => ({ ...legs, vector: everyKind(legs, 0) }),
  'vectors alone, no rules': () => ({ ...legs, vector: everyKind(legs, 1) }),
  'both, no rules': () => legs,
  'no vectors': (full) => ({ ...full, vector: everyKind(full, 0), meaningByWordShare: 0 }),
  'no words (rules stay)': (full) => ({ ...full, vector: everyKind(full, 1), meaningByWordShare: 0 }),
  'one weight for all queries': (full) => ({ ...full, vector: everyKind(full, full.vector.sentence) }),
  'chunks without their file': (full) => ({ ...full, fileShare: 0 }),
  'the same share of meaning whatever words are there': (full) => ({ ...full, meaningByWordShare: 0 }),
  'no share of words': (full) => ({ ...full, wordShare: 0, fileWordShare: 0 }),
  'no definition': (full) => ({ ...full, definition: 0, definitionWords: 0 }),
  'no file name': (full) => ({ ...full, fileName: legs.fileName, namedFile: 0 }),
  'no coherence': (full) => ({ ...full, coherence: 0 }),
  'coherence whatever kind of file': (full) => ({ ...full, coherenceOfKind: 0 }),
  'no kind of file': (full) => ({ ...full, kind: legs.kind }),
  'no phrase': (full) => ({ ...full, phrase: 0 }),
};

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
  const scores = columns.get(column) ?? new Map(Object.keys(VARIANTS).map((name) => [name, []]));
  columns.set(column, scores);
  for (const { id, text } of queries) {
    const judged = judgements.get(id);
    if (judged === undefined) continue;
    const { candidates, query, ranges, weights: full } = await searcher.candidates({ text });
    for (const [name, weightsOf] of Object.entries(VARIANTS)) {
      const best = bestOfEachFile(
        rank(candidates, query, ranges, weightsOf(full)),
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
  for (const variant of Object.keys(VARIANTS)) {
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
