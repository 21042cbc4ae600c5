// How well questions about code are answered, over all corpora: indexes each, asks its questions in every mode with
// the real command line, and prints nDCG@10, Recall@10, MRR@10 and success@1 by slice and half, and what hybrid gains
// over words and over vectors alone. Questions without an answer are asked too; their best scores go to the file.
//
//   node bench/retrieval/code-questions/run.js [NAME...] [--mode hybrid]... [--half dev|test|all] [--reuse] [--out FILE]
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pairedBootstrap } from '../bootstrap.js';
import { runBatch, runJson } from '../cli.js';
import { meanScores, scoreQuery } from '../score.js';
import { fetchCorpus } from './fetch.js';
import { corpora, halfOf, readQuestionJudgements, readQuestions, readUnanswerable } from './questions.js';

const CHUNKS = 100; // enough for 10 files

/**
 * @typedef {import('./questions.js').Question} Question
 * @typedef {Question & {mode: string, half: string, answerable: boolean, ndcg: number, recall: number, mrr: number,
 *   success: number, files: string[], best?: number, confidence?: string, error?: string}} Line
 */

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: 'string', multiple: true, default: ['lexical', 'vector', 'hybrid'] },
    half: { type: 'string', default: 'all' },
    reuse: { type: 'boolean', default: false },
    out: { type: 'string', default: path.join(import.meta.dirname, '../../results/code-questions.jsonl') },
  },
});
if (!['dev', 'test', 'all'].includes(options.half)) throw new Error('--half is dev, test or all');

const judgements = readQuestionJudgements();
const questions = [...readQuestions(), ...readUnanswerable()].filter(
  ({ id }) => options.half === 'all' || halfOf(id) === options.half,
);
/** @type {Line[]} */
const lines = [];
for (const name of positionals.length > 0 ? positionals : Object.keys(corpora)) await askAll(name);
mkdirSync(path.dirname(options.out), { recursive: true });
writeFileSync(options.out, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
report();

async function askAll(/** @type {string} */ name) {
  const folder = await fetchCorpus(name);
  const place = ['--path', path.join(folder, 'documents'), '--index-dir', path.join(folder, 'index')];
  const { chunks, seconds } = await runJson(['index', ...place, ...(options.reuse ? [] : ['--rebuild'])]);
  console.error(`${name}: ${chunks.total} chunks, ${seconds} s`);
  const asked = questions.filter(({ corpus }) => corpus === name);
  const batch = path.join(folder, 'queries.txt');
  writeFileSync(batch, asked.map(({ text }) => `${text}\n`).join(''));
  for (const mode of options.mode) {
    const answers = [];
    const args = ['--batch', batch, '-k', `${CHUNKS}`, '--mode', mode];
    for await (const answer of runBatch([...args, ...place])) answers.push(answer);
    for (const [index, question] of asked.entries()) lines.push(lineOf(question, mode, answers[index]));
  }
}

/** @returns {Line} of a question that failed, or was answered without what its mode asks for: 0 */
function lineOf(/** @type {Question} */ question, /** @type {string} */ mode, /** @type {any} */ answer) {
  const error = answer === undefined ? 'NO_ANSWER' : (answer.error?.code ?? answer.result?.degraded?.reason);
  const hits = error === undefined ? answer.result.hits : [];
  /** @type {string[]} */
  const files = [...new Set(hits.map((/** @type {{path: string}} */ hit) => hit.path))].slice(0, 10);
  const judged = judgements.get(question.id);
  return {
    ...question,
    mode,
    half: halfOf(question.id),
    answerable: judged !== undefined,
    ...scoreQuery(files, judged ?? new Map()),
    success: (judged?.get(files[0] ?? '') ?? 0) > 0 ? 1 : 0,
    files,
    ...(error === undefined
      ? { best: hits[0]?.score ?? 0, confidence: answer.result.confidence }
      : { error: String(error) }),
  };
}

function report() {
  const answerable = lines.filter((line) => line.answerable);
  const failed = lines.filter(({ error }) => error !== undefined).length;
  if (failed > 0) console.log(`${failed} answers failed and count as 0`);
  console.log('mode      slice      queries  nDCG@10  Recall@10  MRR@10  success@1   nDCG@10 dev / test');
  for (const mode of options.mode) {
    const ofMode = answerable.filter((line) => line.mode === mode);
    for (const slice of ['all', ...new Set(ofMode.map((line) => line.slice))]) {
      row(
        mode,
        slice,
        ofMode.filter((line) => slice === 'all' || line.slice === slice),
      );
    }
  }
  for (const baseline of ['lexical', 'vector']) {
    if (!options.mode.includes('hybrid') || !options.mode.includes(baseline)) continue;
    for (const half of ['dev', 'test']) compare(baseline, half);
  }
}

function row(
  /** @type {string} */ mode,
  /** @type {string} */ slice,
  /** @type {readonly Line[]} */ selected,
) {
  const { ndcg, recall, mrr } = meanScores(selected);
  const success = selected.reduce((sum, line) => sum + line.success, 0) / Math.max(1, selected.length);
  const halves = ['dev', 'test'].map(
    (half) => meanScores(selected.filter((line) => line.half === half)).ndcg,
  );
  console.log(
    `${mode.padEnd(10)}${slice.padEnd(11)}${String(selected.length).padEnd(9)}${ndcg.toFixed(3).padEnd(9)}` +
      `${recall.toFixed(3).padEnd(11)}${mrr.toFixed(3).padEnd(8)}${success.toFixed(3).padEnd(12)}` +
      halves.map((mean) => mean.toFixed(3)).join(' / '),
  );
}

function compare(/** @type {string} */ baseline, /** @type {string} */ half) {
  const scores = (/** @type {string} */ mode) =>
    lines
      .filter((line) => line.answerable && line.mode === mode && line.half === half)
      .map(({ ndcg }) => ndcg);
  const { mean, low, high } = pairedBootstrap(scores('hybrid'), scores(baseline));
  const interval = [mean, low, high].map((figure) => figure.toFixed(3));
  console.log(`hybrid over ${baseline}, ${half}: ${interval[0]} (95 %: ${interval[1]} to ${interval[2]})`);
}
