// Fits what makes a relevance of a score (src/lib/search/relevance.ts) and says how good it is: asks every set its own
// questions and, as questions without an answer, some of all other sets and those of its unanswerable.jsonl. Fitted on
// the questions of one half by the SHA-256 of their ids; AUC and ECE are of the other.
//
//   node bench/retrieval/calibration.js NAME=SET:INDEX...      as for ablation.js; sets of the same NAME share no questions
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readEvaluationSet } from '../../dist/lib/evaluation/read-set.js';
import { rank } from '../../dist/lib/search/rank.js';
import { Searcher } from '../../dist/lib/search/searcher.js';

const FOREIGN = 7; // questions of each other name
const HITS = 10;
const MANY_WORDS = 8;
/** Of hits below the first, since there are nine of them. */
const LOWER_HIT = 0.15;

/**
 * @typedef {{name: string, set: string, index: string, isMarkdown: boolean}} Source
 * @typedef {{id: string, text: string, judged?: ReadonlyMap<string, number>}} Asked
 * @typedef {{features: number[], relevant: number, weight: number, isFirst: boolean, isFitted: boolean,
 *   hasAnswer: boolean}} Sample
 */

const FEATURES = {
  hybrid: ['score', 'wordShare', 'words', 'lift'],
  lexical: ['score', 'wordShare', 'words'],
  vector: ['score', 'cosine', 'lift'],
};
const modes = /** @type {const} */ (['hybrid', 'lexical', 'vector']);

const sources = process.argv.slice(2).map((argument) => {
  const [, name = '', set = '', index = ''] = /^([^=]+)=([^:]+):(.+)$/.exec(argument) ?? [];
  return { name: name.replace(/\+md$/, ''), set, index, isMarkdown: name.endsWith('+md') };
});
const sets = new Map();
for (const { set } of sources) sets.set(set, await readEvaluationSet(set));

/** @type {Record<string, Sample[]>} */
const samples = { hybrid: [], lexical: [], vector: [] };
for (const source of sources) await ask(source);
for (const mode of modes) report(mode, samples[mode] ?? []);

async function ask(/** @type {Source} */ source) {
  const { queries, judgements } = sets.get(source.set);
  const own = queries.map((/** @type {Asked} */ query) => ({ ...query, judged: judgements.get(query.id) }));
  const file = path.join(source.set, 'unanswerable.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const none = lines
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .map(({ _id, text }) => ({ id: _id, text }));
  const searcher = await Searcher.open({ indexDir: source.index });
  const asked = [...own.filter((/** @type {Asked} */ query) => query.judged), ...none, ...foreign(source)];
  for (const query of asked) for (const mode of modes) await sample(searcher, source, query, mode);
  await searcher.close();
}

/** @returns {Asked[]} */
function foreign(/** @type {Source} */ { name, set }) {
  const others = sources.filter((other) => other.name !== name);
  return [...new Set(others.map((other) => other.name))].flatMap((other) => {
    const all = others.filter((each) => each.name === other).flatMap((each) => sets.get(each.set).queries);
    const keyed = all.map(({ id, text }) => ({ id: `${set}<${id}`, text }));
    return keyed.toSorted((a, b) => (digest(a.id) < digest(b.id) ? -1 : 1)).slice(0, FOREIGN);
  });
}

async function sample(
  /** @type {Searcher} */ searcher,
  /** @type {Source} */ { isMarkdown },
  /** @type {Asked} */ { id, text, judged },
  /** @type {'hybrid' | 'lexical' | 'vector'} */ mode,
) {
  const { candidates, query, ranges, weights } = await searcher.candidates({ text, mode });
  const hits = rank(candidates, query, ranges, weights).slice(0, HITS);
  const { high, low } = ranges.vector;
  const shares = hits.slice(0, 3).map(({ candidate }) => candidate.evidence?.wordShare ?? 0);
  for (const [position, { candidate, score }] of hits.entries()) {
    const all = {
      score,
      wordShare: Math.max(0, ...shares),
      words: Math.min(query.terms.length, MANY_WORDS) / MANY_WORDS,
      cosine: high,
      lift: high - low,
    };
    const document = isMarkdown ? candidate.path.replace(/\.md$/, '') : candidate.path;
    samples[mode]?.push({
      features: [1, ...FEATURES[mode].map((name) => all[/** @type {keyof typeof all} */ (name)])],
      relevant: (judged?.get(document) ?? 0) > 0 ? 1 : 0,
      weight: position === 0 ? 1 : LOWER_HIT,
      isFirst: position === 0,
      isFitted: Number.parseInt(digest(id).slice(0, 2), 16) % 2 === 0,
      hasAnswer: judged !== undefined,
    });
  }
}

function report(/** @type {'hybrid' | 'lexical' | 'vector'} */ mode, /** @type {Sample[]} */ all) {
  const weights = fit(all.filter(({ isFitted }) => isFitted));
  const held = all
    .filter(({ isFitted }) => !isFitted)
    .map((each) => ({ ...each, p: logistic(weights, each.features) }));
  const first = held.filter(({ isFirst }) => isFirst);
  const names = ['base', ...FEATURES[mode]];
  console.log(`${mode}: ${names.map((name, at) => `${name} ${(weights[at] ?? 0).toFixed(2)}`).join(', ')}`);
  console.log(
    `  other half, ${first.length} questions: AUC of the first hit being relevant ${auc(first, 'relevant').toFixed(3)}, ` +
      `of there being an answer ${auc(first, 'hasAnswer').toFixed(3)}; ECE of the first hit ${calibrationError(first).toFixed(3)}, ` +
      `of all ${calibrationError(held).toFixed(3)}`,
  );
}

/** Logistic regression by Newton's method, with a trace of ridge. */
function fit(/** @type {Sample[]} */ all) {
  const size = all[0]?.features.length ?? 0;
  const weights = Array.from({ length: size }, () => 0);
  for (let round = 0; round < 30; round++) {
    const gradient = Array.from({ length: size }, () => 0);
    const hessian = Array.from({ length: size }, (_, row) =>
      Array.from({ length: size }, (__, at) => (row === at ? 1e-3 : 0)),
    );
    for (const { features, relevant, weight } of all) {
      const p = logistic(weights, features);
      for (const [row, left] of features.entries()) {
        gradient[row] += weight * (p - relevant) * left;
        for (const [at, right] of features.entries()) hessian[row][at] += weight * p * (1 - p) * left * right;
      }
    }
    for (const [at, step] of solve(hessian, gradient).entries()) weights[at] -= step;
  }
  return weights;
}

/** Gauss and Jordan; the matrix is positive definite, so no pivot is 0. */
function solve(/** @type {number[][]} */ matrix, /** @type {number[]} */ right) {
  const rows = matrix.map((row, at) => [...row, right[at] ?? 0]);
  for (const [at, pivot] of rows.entries()) {
    const by = pivot[at] ?? 1;
    for (let column = 0; column < pivot.length; column++) pivot[column] = (pivot[column] ?? 0) / by;
    for (const [other, row] of rows.entries()) {
      const factor = row[at] ?? 0;
      if (other === at || factor === 0) continue;
      for (let column = 0; column < row.length; column++)
        row[column] = (row[column] ?? 0) - factor * (pivot[column] ?? 0);
    }
  }
  return rows.map((row) => row.at(-1) ?? 0);
}

function logistic(/** @type {readonly number[]} */ weights, /** @type {readonly number[]} */ features) {
  return 1 / (1 + Math.exp(-features.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), 0)));
}

/** The share of pairs that stand in the right order. */
function auc(/** @type {(Sample & {p: number})[]} */ all, /** @type {'relevant' | 'hasAnswer'} */ label) {
  const good = all.filter((each) => Boolean(each[label]));
  const bad = all.filter((each) => !each[label]);
  let right = 0;
  for (const one of good) for (const other of bad) right += one.p > other.p ? 1 : one.p === other.p ? 0.5 : 0;
  return right / Math.max(1, good.length * bad.length);
}

/** Expected calibration error over ten bins (Naeini 2015). */
function calibrationError(/** @type {(Sample & {p: number})[]} */ all) {
  const total = all.reduce((sum, { weight }) => sum + weight, 0);
  let error = 0;
  for (let bin = 0; bin < 10; bin++) {
    const inside = all.filter(({ p }) => Math.min(9, Math.floor(p * 10)) === bin);
    const said = inside.reduce((sum, { p, weight }) => sum + p * weight, 0);
    const found = inside.reduce((sum, { relevant, weight }) => sum + relevant * weight, 0);
    error += Math.abs(said - found) / total;
  }
  return error;
}

function digest(/** @type {string} */ id) {
  return createHash('sha256').update(id).digest('hex');
}
