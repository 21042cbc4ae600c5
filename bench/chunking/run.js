// Would a parser cut code better than the product's own rules for lines? Cuts the same packages by either, with the
// same packing, the same limits and the same costs, and prints what it does to answers (nDCG@10 of the questions about
// code, with a paired bootstrap), to chunks, time and memory, and what would have to be installed:
//
//   npm install --ignore-scripts --prefix bench/chunking && node bench/chunking/run.js [NAME...] [--reuse]
//
// The parser gets into the product's program by a copy of dist in which one file is another.
import { execFile } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { detectLanguage } from '../../dist/lib/corpus/language.js';
import { evaluate } from '../../dist/lib/evaluation/evaluate.js';
import { mean } from '../../dist/lib/evaluation/metrics.js';
import { Searcher } from '../../dist/lib/search/searcher.js';
import { pairedBootstrap } from '../retrieval/bootstrap.js';
import { fetchCorpus } from '../retrieval/code-questions/fetch.js';
import { corpora, halfOf } from '../retrieval/code-questions/questions.js';
import { estimate, figure } from '../retrieval/figures.js';
import { filesBelow } from './files.js';
import { grammarBytes, installSize } from './grammars.js';

const AS_THE_PROGRAM = new URL('../store/as-the-program.js', import.meta.url).href;
const PACKAGES = [
  'axios',
  'capacitor-android',
  'capacitor-ios',
  'gesture-handler',
  'leveldb',
  'raft',
  'sidekiq',
  'symfony-console',
];
/** @type {import('../../dist/lib/evaluation/evaluate.js').System[]} */
const SYSTEMS = ['lexical', 'vector', 'hybrid-unranked', 'hybrid'];
const VARIANTS = /** @type {const} */ (['lines', 'tree']);
/** V8 compiles hot functions of the grammars a second time, with much memory, unless it is told not to. */
const COST_ROWS = /** @type {const} */ ([['lines'], ['tree'], ['tree', '--liftoff-only']]);
/** As large as a file of the default limit may be. */
const LARGE_FILE = 256 * 1024;

/** @typedef {typeof VARIANTS[number]} Variant */
/** @typedef {{id: string, corpus: string, system: string, score: number}} Answer */

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { reuse: { type: 'boolean', default: false } },
});
const names = positionals.length > 0 ? positionals : PACKAGES;
const repository = path.resolve(import.meta.dirname, '../..');
const work = path.join(os.tmpdir(), 'embed-search-bench', 'chunking');
const dists = { lines: path.join(repository, 'dist'), tree: makeTreeDist() };

const folders = new Map();
for (const name of names) folders.set(name, await fetchCorpus(name));
const documents = names.map((name) => path.join(folders.get(name), 'documents'));
await reportCost();
await reportAnswers();

/** The product's dist, with the layout by syntax trees in the place of its own. */
function makeTreeDist() {
  const folder = path.join(work, 'program');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['dist', 'package.json'])
    cpSync(path.join(repository, name), path.join(folder, name), { recursive: true });
  for (const name of ['node_modules', 'models'])
    symlinkSync(path.join(repository, name), path.join(folder, name), 'junction');
  const layout = pathToFileURL(path.join(import.meta.dirname, 'tree-layout.js')).href;
  writeFileSync(path.join(folder, 'dist/lib/corpus/chunk-code.js'), `export * from '${layout}';\n`);
  return path.join(folder, 'dist');
}

async function reportCost() {
  const large = makeLargeFile(documents[0] ?? '');
  console.log(
    '                      chunks   layout ms/MB: all  least    most     whole ms/MB: all   load ms   ' +
      'peak MB: all      least    most     large file',
  );
  for (const [variant, ...flags] of COST_ROWS) {
    const timed = [];
    const peaks = [];
    for (const one of documents) {
      timed.push(await child('time', variant, [one], flags));
      peaks.push((await child('chunk', variant, [one], flags)).peak);
    }
    const whole = await child('chunk', variant, documents, flags);
    const { peak: largePeak } = await child('chunk', variant, [large], flags);
    const layouts = timed.map(({ layout, bytes }) => layout / (bytes / 1e6));
    const inAll = (/** @type {'layout' | 'all'} */ part) =>
      timed.reduce((sum, each) => sum + each[part], 0) / (whole.bytes / 1e6);
    const cells = [
      [whole.chunks, 9],
      [inAll('layout'), 19],
      [Math.min(...layouts), 9],
      [Math.max(...layouts), 9],
      [inAll('all'), 19],
      [whole.loading, 10],
      [whole.peak, 18],
      [Math.min(...peaks), 9],
      [Math.max(...peaks), 9],
      [largePeak, 0],
    ].map(([value, width]) => value.toFixed(0).padEnd(width));
    console.log([variant, ...flags].join(' ').padEnd(22) + cells.join(''));
  }
  const languages = new Set(
    documents.flatMap((folder) => filesBelow(folder).map((name) => detectLanguage(name))),
  );
  const size = installSize();
  console.log(
    `\nto install: ${megabytes(size.runtime)} for web-tree-sitter, ${megabytes(size.grammars)} for the grammars of ` +
      `${size.withGrammar} of ${size.languages} languages (${megabytes(grammarBytes([...languages]))} for those of these packages)\n`,
  );
}

/** Files of a package one after the other, up to the default limit of a file. */
function makeLargeFile(/** @type {string} */ folder) {
  const into = path.join(work, 'large');
  mkdirSync(into, { recursive: true });
  const files = filesBelow(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
  const text = files.join('\n');
  const whole = text.repeat(Math.ceil(LARGE_FILE / text.length)).slice(0, LARGE_FILE);
  writeFileSync(path.join(into, `large${path.extname(filesBelow(folder)[0] ?? '')}`), whole);
  return into;
}

async function reportAnswers() {
  /** @type {Record<Variant, Answer[]>} */
  const answers = { lines: [], tree: [] };
  for (const name of names) {
    const folder = folders.get(name);
    if (!options.reuse) await makeIndexes(name, folder);
    for (const variant of VARIANTS)
      answers[variant].push(...(await ask(name, folder, indexOf(name, variant))));
  }
  console.log(
    'nDCG@10           lines            tree             tree - lines          dev: lines  tree    test: lines  tree',
  );
  for (const system of SYSTEMS) console.log(lineOf(system, () => true, answers));
  console.log('\nhybrid by package');
  for (const name of names) console.log(lineOf('hybrid', ({ corpus }) => corpus === name, answers, name));
  writeFileSync(path.join(work, 'answers.json'), JSON.stringify(answers));
}

/**
 * The index by trees is made of a copy of the one by lines and of files that all got one more line break: they are cut
 * anew, and what comes out as before is not embedded again.
 */
async function makeIndexes(/** @type {string} */ name, /** @type {string} */ folder) {
  const root = path.join(work, 'documents', name);
  for (const old of [root, ...VARIANTS.map((variant) => indexOf(name, variant))])
    rmSync(old, { recursive: true, force: true });
  cpSync(path.join(folder, 'documents'), root, { recursive: true });
  const lines = await child('index', 'lines', [root, indexOf(name, 'lines')]);
  cpSync(indexOf(name, 'lines'), indexOf(name, 'tree'), { recursive: true });
  for (const file of filesBelow(root)) appendFileSync(path.join(root, file), '\n');
  const tree = await child('index', 'tree', [root, indexOf(name, 'tree')]);
  console.error(
    `${name} (${corpora[name]?.language}): ${lines.chunks} chunks by lines, ${tree.chunks} by trees, ` +
      `${tree.embedded} of them others; ${(lines.seconds + tree.seconds).toFixed(0)} s`,
  );
}

function indexOf(/** @type {string} */ name, /** @type {Variant} */ variant) {
  return path.join(work, 'indexes', `${name}-${variant}`);
}

/** @returns {Promise<Answer[]>} */
async function ask(
  /** @type {string} */ corpus,
  /** @type {string} */ folder,
  /** @type {string} */ indexDir,
) {
  const searcher = await Searcher.open({ indexDir });
  /** @type {Answer[]} */
  const found = [];
  await evaluate(searcher, folder, {
    systems: SYSTEMS,
    onQuery({ system, query, scores, error }) {
      if (error !== undefined) throw new Error(`${query.id} by ${system}: ${error}`);
      found.push({ id: query.id, corpus, system, score: scores.ndcg10 });
    },
  });
  await searcher.close();
  return found;
}

function lineOf(
  /** @type {string} */ system,
  /** @type {(answer: Answer) => boolean} */ isChosen,
  /** @type {Record<Variant, Answer[]>} */ answers,
  title = system,
) {
  const scores = (/** @type {Variant} */ variant, half = '') =>
    answers[variant]
      .filter((each) => each.system === system && isChosen(each) && (half === '' || halfOf(each.id) === half))
      .map(({ score }) => score);
  const change = pairedBootstrap(scores('tree'), scores('lines'));
  const means = [scores('lines'), scores('tree')].map((all) => figure(mean(all)));
  const halves = ['dev', 'test'].map((half) =>
    VARIANTS.map((variant) => figure(mean(scores(variant, half)))).join(' / '),
  );
  return `${title.padEnd(18)}${scores('lines').length}  ${means.join(' / ')}   ${estimate(change)}   ${halves.join('   ')}`;
}

async function child(
  /** @type {string} */ job,
  /** @type {Variant} */ variant,
  /** @type {readonly string[]} */ args,
  /** @type {readonly string[]} */ flags = [],
) {
  const file = path.join(import.meta.dirname, 'child.js');
  const all = ['--import', AS_THE_PROGRAM, ...flags, file, job, dists[variant], ...args];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

function megabytes(/** @type {number} */ bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
