// How good the answers are: indexes a set in BEIR form with the real command line, asks every query, prints nDCG@10,
// Recall@10 and MRR@10 and keeps a line for each query.
//
//   node bench/retrieval/run.js FOLDER [--mode hybrid] [--mode vector] [--half even|odd|all] [--out FILE]
//                               [--documents DIR] [--reuse] [-- flags for `index`]
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { hasDocuments, readJudgements, readQueries, writeDocuments } from './beir.js';
import { runBatch, runJson } from './cli.js';
import { commitDocuments } from './commit-documents.js';
import { meanScores, scoreQuery } from './score.js';

const CHUNKS = 100; // enough for 10 files

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mode: { type: 'string', multiple: true, default: ['hybrid', 'vector', 'lexical'] },
    half: { type: 'string', default: 'all' },
    out: { type: 'string' },
    documents: { type: 'string' },
    reuse: { type: 'boolean', default: false },
  },
});
const [set, ...indexFlags] = positionals;
if (set === undefined)
  throw new Error('Name a folder in BEIR form: corpus.jsonl, queries.jsonl, qrels/test.tsv.');
const folder = path.resolve(set);
const name = path.basename(folder);
const work = path.join(os.tmpdir(), 'embed-search-bench', name);

const { root, idOf } = await layOut();
await index();
const judgements = readJudgements(folder);
const queries = selectHalf((await readQueries(folder)).filter((query) => judgements.has(query.id)));

console.log(`${name}: ${queries.length} queries (${options.half})`);
console.log('mode      nDCG@10  Recall@10  MRR@10   (even / odd nDCG@10)   failed   ms/query');
for (const mode of options.mode) await measure(mode);

/** Where the documents are as files, and which file is which document. */
async function layOut() {
  if (options.documents !== undefined) return { root: path.resolve(options.documents), idOf: same };
  if (!hasDocuments(folder)) return { root: await commitDocuments(name), idOf: same };
  const into = path.join(work, 'documents');
  const documents = await writeDocuments(folder, into);
  return { root: into, idOf: (/** @type {string} */ file) => documents.get(file) ?? file };
}

function same(/** @type {string} */ file) {
  return file;
}

async function index() {
  const fresh = options.reuse ? [] : ['--rebuild'];
  const result = await runJson([
    'index',
    root,
    '--index-dir',
    path.join(work, 'index'),
    ...fresh,
    ...indexFlags,
  ]);
  const { files, chunks, seconds, memory } = result;
  const peak = Math.round((memory?.host?.peakRssBytes ?? 0) / 1e6);
  console.log(`index: ${files.seen} files, ${chunks.total} chunks, ${seconds} s, host peak ${peak} MB`);
}

function selectHalf(/** @type {import('./beir.js').Query[]} */ all) {
  if (options.half === 'all') return all;
  if (options.half !== 'even' && options.half !== 'odd') throw new Error('--half is even, odd or all');
  return all.filter((_, position) => position % 2 === (options.half === 'even' ? 0 : 1));
}

async function measure(/** @type {string} */ mode) {
  mkdirSync(work, { recursive: true });
  const batch = path.join(work, 'queries.txt');
  writeFileSync(batch, queries.map((query) => `${query.text}\n`).join(''));
  const args = [
    '--batch',
    batch,
    '--path',
    root,
    '--index-dir',
    path.join(work, 'index'),
    '-k',
    `${CHUNKS}`,
    '--mode',
    mode,
  ];
  const lines = [];
  const started = performance.now();
  for await (const answer of runBatch(args)) lines.push(lineOf(queries[lines.length], answer));
  const milliseconds = (performance.now() - started) / Math.max(1, queries.length);
  // A batch that ended early leaves queries without an answer: they count as failed.
  for (const query of queries.slice(lines.length))
    lines.push(lineOf(query, { ok: false, error: { code: 'NO_ANSWER' } }));
  report(mode, lines, milliseconds);
}

/** What is kept of a query; one that failed, or was answered without what its mode asks for, scores 0. */
function lineOf(/** @type {import('./beir.js').Query | undefined} */ query, /** @type {any} */ answer) {
  if (query === undefined) throw new Error('More answers than queries');
  const degraded = answer.result?.degraded?.reason;
  const hits = answer.ok && degraded === undefined ? answer.result.hits : [];
  const files = [...new Set(hits.map((/** @type {{path: string}} */ hit) => idOf(hit.path)))].slice(0, 10);
  const error = answer.ok ? degraded : answer.error.code;
  return {
    ...query,
    ...scoreQuery(files, judgements.get(query.id) ?? new Map()),
    files,
    ...(error ? { error } : {}),
  };
}

function report(
  /** @type {string} */ mode,
  /** @type {ReturnType<typeof lineOf>[]} */ lines,
  /** @type {number} */ milliseconds,
) {
  const { ndcg, recall, mrr } = meanScores(lines);
  const halves = [0, 1].map((rest) => meanScores(lines.filter((_, position) => position % 2 === rest)).ndcg);
  const split = options.half === 'all' ? `(${halves.map((half) => half.toFixed(4)).join(' / ')})` : '';
  const failed = lines.filter((line) => line.error !== undefined).length;
  const figures = [ndcg, recall, mrr].map((figure) => figure.toFixed(4).padEnd(9)).join('');
  console.log(
    `${mode.padEnd(10)}${figures} ${split.padEnd(22)} ${String(failed).padEnd(8)} ${milliseconds.toFixed(1)}`,
  );
  const out = options.out ?? path.join(import.meta.dirname, '..', 'results', `${name}-${options.half}.jsonl`);
  const file = options.mode.length === 1 ? out : out.replace(/(\.\w+)?$/, (ending) => `-${mode}${ending}`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
