// What prose in a folder of code costs the questions that code answers, and what plain rules would win back: indexes
// each package of corpora.json without and with its README, changelog and guides, asks both the questions about its code
// and the second also questions that its prose answers (queries.jsonl), and ranks the same candidates by each rule.
// Prints nDCG@10 and success@1 by files, by package, and by rule on both halves. Sets of another kind, indexed already,
// say whom a rule hurts.
//
//   node bench/retrieval/prose-beside-code/run.js [NAME...] [--other NAME[+md]=SET:INDEX]... [--index-only]
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { contentKind } from '../../../dist/lib/corpus/language.js';
import { bootstrap } from '../../../dist/lib/evaluation/bootstrap.js';
import { mean, scoreQuery } from '../../../dist/lib/evaluation/metrics.js';
import { readEvaluationSet } from '../../../dist/lib/evaluation/read-set.js';
import { bestOfEachFile } from '../../../dist/lib/search/each-file.js';
import { rank } from '../../../dist/lib/search/rank.js';
import { Searcher } from '../../../dist/lib/search/searcher.js';
import { understandQuery } from '../../../dist/lib/search/understand.js';
import { runJson } from '../cli.js';
import { estimate, figure } from '../figures.js';
import { corpora, halfOf, readQuestionJudgements, readQuestions } from '../code-questions/questions.js';
import { fetchWithProse, mixed } from './fetch.js';
import { RULES } from './rules.js';

/**
 * @typedef {import('../../../dist/lib/evaluation/metrics.js').RetrievalScores} Scores
 * @typedef {{id: string, text: string}} Asked
 * @typedef {{id: string, corpus: string, slice: string, isProse: boolean, asks: boolean, without?: Scores,
 *   by: Record<string, Scores>}} Line
 */

/** What the program does, whatever that is. */
const SHIPPED = 'as shipped';
const NAMES = [...Object.keys(RULES), SHIPPED];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    other: { type: 'string', multiple: true, default: [] },
    'index-only': { type: 'boolean', default: false },
  },
});
const codeJudgements = readQuestionJudgements();
const prose = await readEvaluationSet(import.meta.dirname);
const proseQuestions = readFileSync(path.join(import.meta.dirname, 'queries.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))
  .map(({ _id: id, ...question }) => ({ id, ...question }));

/** @type {Line[]} */
const lines = [];
/** @type {Map<string, {code: number, prose: number}>} chunks */
const sizes = new Map();
const names = positionals.length > 0 ? positionals : Object.keys(mixed);
if (options['index-only']) {
  for (const name of names) await indexes(name);
  process.exit();
}
for (const name of names) await ask(name);
reportCorpora();
reportRules(
  'questions that code answers',
  lines.filter(({ isProse }) => !isProse),
);
reportRules(
  'questions that prose answers',
  lines.filter(({ isProse }) => isProse),
);
for (const slice of ['asks', 'usage']) {
  const ofSlice = lines.filter((line) => line.isProse && line.slice === slice);
  reportRules(`of these, ${slice === 'asks' ? 'those that ask for documentation' : 'the others'}`, ofSlice);
}
for (const argument of options.other) await askOther(argument);

async function ask(/** @type {string} */ name) {
  const { code, both } = await indexes(name);
  const questions = readQuestions().filter(({ corpus }) => corpus === name);
  /** @type {Map<string, Scores>} */
  const without = new Map();
  const alone = await Searcher.open({ indexDir: code });
  for (const { id, text } of questions)
    without.set(id, (await scores(alone, text, codeJudgements.get(id), ['no rule']))['no rule']);
  await alone.close();
  const searcher = await Searcher.open({ indexDir: both });
  sizes.set(name, await searcher.use((reader) => chunksByKind(reader.countsByLanguage())));
  for (const { id, text, slice } of questions) {
    const by = await scores(searcher, text, codeJudgements.get(id));
    lines.push({
      id,
      corpus: name,
      slice,
      isProse: false,
      asks: asksForProse(text),
      without: without.get(id),
      by,
    });
  }
  for (const { id, text, slice } of proseQuestions.filter(({ corpus }) => corpus === name)) {
    const by = await scores(searcher, text, prose.judgements.get(id));
    lines.push({ id, corpus: name, slice, isProse: true, asks: asksForProse(text), by });
  }
  await searcher.close();
}

/** An index of the code alone and one of everything; the second goes on from a copy of the first. */
async function indexes(/** @type {string} */ name) {
  const folder = await fetchWithProse(name);
  const root = path.join(folder, 'with-prose');
  const [code, both] = [path.join(folder, 'index-code'), path.join(folder, 'index-with-prose')];
  const leftOut = Object.values(mixed[name]?.files ?? {}).flatMap((file) => ['--exclude', file]);
  await runJson(['index', root, '--index-dir', code, ...leftOut]);
  if (!existsSync(both)) cpSync(code, both, { recursive: true });
  const { chunks, seconds } = await runJson(['index', root, '--index-dir', both]);
  console.error(`${name}: ${chunks.total} chunks, ${seconds} s`);
  return { code, both };
}

/**
 * @param {Searcher} searcher
 * @param {string} text
 * @param {ReadonlyMap<string, number> | undefined} judged
 * @param {readonly string[]} [names] of rules; default all
 * @param {(file: string) => string} [idOf]
 * @returns {Promise<Record<string, Scores>>}
 */
async function scores(searcher, text, judged, names = NAMES, idOf = (file) => file) {
  const { candidates, query, ranges, weights } = await searcher.candidates({ text });
  const counts = await searcher.use((reader) => reader.countsByLanguage());
  const ranked = rank(candidates, query, ranges, {
    ...weights,
    kind: { ...weights.kind, document: 1 },
  });
  const shipped = new Map(
    rank(candidates, query, ranges, weights).map(({ candidate, score }) => [candidate.chunkId, score]),
  );
  const folder = { counts, asksForProse: query.asksFor.has('document') };
  return Object.fromEntries(
    names.map((name) => {
      const scoreOf =
        name === SHIPPED
          ? (/** @type {import('./rules.js').RankedChunk} */ { candidate }) => shipped.get(candidate.chunkId)
          : RULES[name]?.(ranked, folder);
      const again = ranked
        .map((entry) => ({ entry, score: scoreOf?.(entry) ?? entry.score }))
        .sort((a, b) => b.score - a.score);
      const best = bestOfEachFile(again, ({ entry }) => entry.candidate.fileId).slice(0, 10);
      const files = best.map(({ entry }) => idOf(entry.candidate.path));
      return [name, scoreQuery(files, judged ?? new Map())];
    }),
  );
}

function asksForProse(/** @type {string} */ text) {
  return understandQuery(text).asksFor.has('document');
}

function chunksByKind(/** @type {readonly {language: string, chunks: number}[]} */ counts) {
  const of = (/** @type {boolean} */ isCode) =>
    counts
      .filter(({ language }) => (contentKind(language) === 'code') === isCode)
      .reduce((sum, { chunks }) => sum + chunks, 0);
  return { code: of(true), prose: of(false) };
}

function reportCorpora() {
  console.log(
    '\n| package | language | questions | chunks of code / prose | nDCG@10 alone | with prose | success@1 alone | with prose |',
  );
  console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const name of [...sizes.keys(), 'all']) {
    const { code = '', prose: ofProse = '' } = sizes.get(name) ?? {};
    const own = lines.filter((line) => !line.isProse && (name === 'all' || line.corpus === name));
    const alone = own.map(({ without }) => without ?? scoreQuery([], new Map()));
    const both = own.map(({ by }) => by['no rule'] ?? scoreQuery([], new Map()));
    const cells = ['ndcg10', 'success1'].flatMap((metric) =>
      [alone, both].map((part) => figure(mean(part.map((each) => each[metric])))),
    );
    console.log(
      `| ${name} | ${corpora[name]?.language ?? ''} | ${own.length} | ${code} / ${ofProse} | ${cells.join(' | ')} |`,
    );
  }
  const own = lines.filter((line) => !line.isProse);
  for (const half of ['dev', 'test', undefined]) {
    const part = own.filter(({ id }) => half === undefined || halfOf(id) === half);
    const lost = part.map((line) => (line.by['no rule']?.ndcg10 ?? 0) - (line.without?.ndcg10 ?? 0));
    console.log(`what prose changes, ${half ?? 'all'}: ${estimate(bootstrap(lost))}`);
  }
  const asking = own.filter(({ asks }) => asks).length;
  console.log(
    `${asking} of ${own.length} questions that code answers look as if they asked for documentation`,
  );
  const unasked = lines.filter((line) => line.isProse && line.slice === 'asks' && !line.asks);
  console.log(
    `questions for documentation that do not look so: ${unasked.map(({ id }) => id).join(' ') || 'none'}`,
  );
}

function reportRules(/** @type {string} */ title, /** @type {readonly Line[]} */ part) {
  const halves = ['dev', 'test'].map((half) => part.filter(({ id }) => halfOf(id) === half));
  console.log(`\n${title}: ${part.length} (${halves.map(({ length }) => length).join(' / ')})`);
  console.log(
    '| rule | nDCG@10, tuned on / other | change, tuned on | change, other | success@1, tuned on / other |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: |');
  for (const name of NAMES) {
    const of = (/** @type {readonly Line[]} */ some, /** @type {'ndcg10' | 'success1'} */ metric) =>
      some.map(({ by }) => by[name]?.[metric] ?? 0);
    const base = (/** @type {readonly Line[]} */ some) => some.map(({ by }) => by['no rule']?.ndcg10 ?? 0);
    const change = halves.map((half) => {
      const before = base(half);
      return estimate(bootstrap(of(half, 'ndcg10').map((score, at) => score - (before[at] ?? 0))));
    });
    const pair = (/** @type {'ndcg10' | 'success1'} */ metric) =>
      halves.map((half) => figure(mean(of(half, metric)))).join(' / ');
    console.log(`| ${name} | ${pair('ndcg10')} | ${change.join(' | ')} | ${pair('success1')} |`);
  }
}

/** Sets of code alone or of prose alone: a rule for both must leave them as they are. */
async function askOther(/** @type {string} */ argument) {
  const [, title = '', set = '', indexDir = ''] = /^([^=]+)=([^:]+):(.+)$/.exec(argument) ?? [];
  const idOf = title.endsWith('+md') ? (/** @type {string} */ file) => file.replace(/\.md$/, '') : undefined;
  const { queries, judgements } = await readEvaluationSet(set);
  const searcher = await Searcher.open({ indexDir });
  /** @type {Line[]} */
  const own = [];
  for (const { id, text } of queries) {
    const judged = judgements.get(id);
    if (judged === undefined) continue;
    const by = await scores(searcher, text, judged, undefined, idOf);
    own.push({ id, corpus: title, slice: '', isProse: true, asks: asksForProse(text), by });
  }
  await searcher.close();
  reportRules(title.replace(/\+md$/, ''), own);
}
