// How good the answers are: indexes sets in BEIR form with the real command line, asks every query in every way that
// `embed-search eval` knows, prints its tables and keeps a line for each query and way. With several sets, the same
// figures over all of their queries together come last. A folder `documents` in a set is what to index.
//
//   node bench/retrieval/run.js FOLDER... [--system hybrid]... [--documents DIR] [--reuse] [-- flags for `index`]
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { renderEvaluation } from '../../dist/lib/cli/render-evaluation.js';
import { paletteFor } from '../../dist/lib/cli/palette.js';
import { bootstrap } from '../../dist/lib/evaluation/bootstrap.js';
import { evaluate, SYSTEMS } from '../../dist/lib/evaluation/evaluate.js';
import { Searcher } from '../../dist/lib/search/searcher.js';
import { hasDocuments, writeDocuments } from './beir.js';
import { runJson } from './cli.js';
import { packageDocuments } from './package-documents.js';

const args = process.argv.slice(2);
const end = args.includes('--') ? args.indexOf('--') : args.length;
const { values: options, positionals: folders } = parseArgs({
  args: args.slice(0, end),
  allowPositionals: true,
  options: {
    system: { type: 'string', multiple: true },
    documents: { type: 'string' },
    reuse: { type: 'boolean', default: false },
  },
});
if (folders.length === 0)
  throw new Error('Name folders in BEIR form: queries.jsonl, qrels/test.tsv, corpus.jsonl.');
const unknown = options.system?.find((name) => !SYSTEMS.some((known) => known === name));
if (unknown !== undefined) throw new Error(`There is no system ${unknown}, but ${SYSTEMS.join(', ')}.`);
const systems = /** @type {import('../../dist/lib/evaluation/evaluate.js').System[]} */ (
  options.system ?? SYSTEMS
);

/** @type {Map<string, number[]>} nDCG@10 of every query of every set */
const pooled = new Map(systems.map((system) => [system, []]));
for (const folder of folders) await measure(path.resolve(folder));
if (folders.length > 1) reportPooled();

async function measure(/** @type {string} */ folder) {
  const name = path.basename(folder);
  const work = path.join(os.tmpdir(), 'embed-search-bench', name);
  const { root, documentIds } = await layOut(folder, name, work);
  const indexDir = path.join(work, 'index');
  const fresh = options.reuse ? [] : ['--rebuild'];
  const indexed = await runJson(['index', root, '--index-dir', indexDir, ...fresh, ...args.slice(end + 1)]);
  const peak = Math.round((indexed.memory?.host?.peakRssBytes ?? 0) / 1e6);
  console.log(
    `${name}: ${indexed.files.seen} files, ${indexed.chunks.total} chunks, ${indexed.seconds} s, host peak ${peak} MB`,
  );
  const lines = [];
  const searcher = await Searcher.open({ indexDir, root });
  try {
    const { result, warnings } = await evaluate(searcher, folder, {
      systems,
      documentIds,
      onQuery({ query, ...line }) {
        lines.push(JSON.stringify({ ...line, id: query.id, text: query.text }));
        pooled.get(line.system)?.push(line.scores.ndcg10);
      },
    });
    for (const warning of warnings) console.log(`Warning: ${warning}`);
    console.log(renderEvaluation(result, true, paletteFor(process.stdout)));
  } finally {
    await searcher.close();
  }
  const results = path.join(import.meta.dirname, '..', 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(path.join(results, `${name}.jsonl`), `${lines.join('\n')}\n`);
}

/** Where the documents are as files, and which file is which document where its path does not say so. */
async function layOut(/** @type {string} */ folder, /** @type {string} */ name, /** @type {string} */ work) {
  if (options.documents !== undefined)
    return { root: path.resolve(options.documents), documentIds: undefined };
  if (!hasDocuments(folder)) {
    const own = path.join(folder, 'documents');
    return { root: existsSync(own) ? own : await packageDocuments(name), documentIds: undefined };
  }
  const root = path.join(work, 'documents');
  return { root, documentIds: await writeDocuments(folder, root) };
}

function reportPooled() {
  const hybrid = pooled.get('hybrid') ?? [];
  console.log(
    `all sets together, ${hybrid.length} questions: nDCG@10, and what hybrid gains (paired bootstrap)`,
  );
  for (const [system, scores] of pooled) {
    const gain = bootstrap(hybrid.map((score, position) => score - (scores[position] ?? 0)));
    console.log(
      `  ${system.padEnd(16)} ${bootstrap(scores).mean.toFixed(4)}  ` +
        `${gain.mean.toFixed(4)} (${gain.low.toFixed(4)} to ${gain.high.toFixed(4)})`,
    );
  }
}
