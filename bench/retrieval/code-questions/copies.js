// What it does to answers that copies of a text are one hit: asks the questions about code and puts the copies that hits
// name back in, each behind the hit that stands for it. Prints how many of the first ten places they would take, MRR@10
// with and without them, and the pairs themselves, to be judged by eye.
//
//   node bench/retrieval/code-questions/copies.js [NAME...] [--mode lexical] [--reuse] [--show N]
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runBatch, runJson } from '../cli.js';
import { meanScores, scoreQuery } from '../score.js';
import { fetchCorpus } from './fetch.js';
import { corpora, readQuestionJudgements, readQuestions } from './questions.js';

/** @typedef {{path: string, startLine: number, endLine: number, duplicates?: Hit[]}} Hit */

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: 'string', default: 'hybrid' },
    reuse: { type: 'boolean', default: false },
    show: { type: 'string', default: '20' },
  },
});
const judgements = readQuestionJudgements();
const folded = [];
const unfolded = [];
/** @type {Set<string>} */
const pairs = new Set();
let places = 0;

for (const name of positionals.length > 0 ? positionals : Object.keys(corpora)) {
  const folder = await fetchCorpus(name);
  const place = ['--path', path.join(folder, 'documents'), '--index-dir', path.join(folder, 'index')];
  await runJson(['index', ...place, ...(options.reuse ? [] : ['--rebuild'])]);
  const asked = readQuestions().filter(({ corpus }) => corpus === name);
  const batch = path.join(folder, 'queries.txt');
  writeFileSync(batch, asked.map(({ text }) => `${text}\n`).join(''));
  let answered = 0;
  for await (const answer of runBatch(['--batch', batch, '-k', '50', '--mode', options.mode, ...place])) {
    const judged = judgements.get(asked[answered++]?.id ?? '');
    if (!answer.ok || judged === undefined) throw new Error(`${name}: a question has no answer`);
    /** @type {Hit[]} */
    const hits = answer.result.hits;
    const all = hits.flatMap((hit) => [hit, ...(hit.duplicates ?? [])]);
    places += all.slice(0, 10).filter((hit) => !hits.includes(hit)).length;
    folded.push(scoreQuery(filesOf(hits), judged));
    unfolded.push(scoreQuery(filesOf(all), judged));
    for (const hit of hits.slice(0, 10)) {
      for (const copy of hit.duplicates ?? []) pairs.add(`${name}: ${placeOf(hit)} = ${placeOf(copy)}`);
    }
  }
}

console.log(`${folded.length} questions, ${options.mode}`);
console.log(`of the first ten places, copies would take ${(places / folded.length).toFixed(3)} a question`);
console.log(
  `MRR@10 ${meanScores(folded).mrr.toFixed(4)}, with copies ${meanScores(unfolded).mrr.toFixed(4)}`,
);
console.log(
  `nDCG@10 ${meanScores(folded).ndcg.toFixed(4)}, with copies ${meanScores(unfolded).ndcg.toFixed(4)}`,
);
console.log(`${pairs.size} pairs:`);
for (const pair of [...pairs].slice(0, Number(options.show))) console.log(`  ${pair}`);

function filesOf(/** @type {readonly Hit[]} */ hits) {
  return hits.map((hit) => hit.path);
}

function placeOf(/** @type {Hit} */ { path: file, startLine, endLine }) {
  return `${file}:${startLine}-${endLine}`;
}
