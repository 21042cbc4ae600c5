// Would a vector for each whole file, beside those of its chunks, put the right file first more often: asks the
// questions of sets that are indexed already (as for ablation.js) and ranks the same candidates with one more part, a
// weight times the file's cosine scaled within the query. Two texts stand for a file (file-texts.js); their vectors are
// kept beside the index. Prints nDCG@10 and success@1 by files on both halves, and what the part changes.
//
//   node bench/retrieval/file-vectors.js NAME=SET:INDEX... [--text head]... [--weight .1]... [--embed-only]
//
// Several sets with the same NAME are one column; NAME may end in +md where document ids are file names without it.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createEmbedder } from '../../dist/lib/embedder/create-embedder.js';
import { bootstrap } from '../../dist/lib/evaluation/bootstrap.js';
import { mean, scoreQuery } from '../../dist/lib/evaluation/metrics.js';
import { readEvaluationSet } from '../../dist/lib/evaluation/read-set.js';
import { tokenCounter } from '../../dist/lib/indexing/count-tokens.js';
import { resolveModel } from '../../dist/lib/models/resolve-model.js';
import { bestOfEachFile } from '../../dist/lib/search/each-file.js';
import { rank } from '../../dist/lib/search/rank.js';
import { Searcher } from '../../dist/lib/search/searcher.js';
import { halfOf } from './code-questions/questions.js';
import { FILE_TEXTS } from './file-texts.js';
import { estimate, figure } from './figures.js';

/**
 * @typedef {{half: string, found: boolean, base: Scores, by: Record<string, Scores>}} Line
 * @typedef {import('../../dist/lib/evaluation/metrics.js').RetrievalScores} Scores
 * @typedef {keyof typeof FILE_TEXTS} TextName
 */

const AT_ONCE = 20;
/** As far as the leg by vectors is followed: what the file there scores is 0. */
const FILES = 300;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    text: { type: 'string', multiple: true, default: Object.keys(FILE_TEXTS) },
    weight: { type: 'string', multiple: true, default: ['.05', '.1', '.2', '.3'] },
    'embed-only': { type: 'boolean', default: false },
  },
});
const texts = /** @type {TextName[]} */ (options.text);
const embedder = createEmbedder({ model: await resolveModel(undefined), lanes: 2 });
const countTokens = await tokenCounter();

/** @type {Map<string, Line[]>} */
const columns = new Map();
for (const argument of positionals) {
  const [, name = '', set = '', index = ''] = /^([^=]+)=([^:]+):(.+)$/.exec(argument) ?? [];
  await measure(name.replace(/\+md$/, ''), set, index, name.endsWith('+md'));
}
await embedder.close();
if (!options['embed-only']) for (const [name, lines] of columns) report(name, lines);

async function measure(
  /** @type {string} */ column,
  /** @type {string} */ folder,
  /** @type {string} */ indexDir,
  /** @type {boolean} */ isMarkdown,
) {
  const searcher = await Searcher.open({ indexDir });
  const files = await searcher.use((reader) => [...reader.files()]);
  /** @type {Map<TextName, Map<number, Float32Array>>} */
  const vectors = new Map();
  for (const name of texts) vectors.set(name, await vectorsOf(name, files, searcher.root, indexDir));
  const { queries, judgements } = await readEvaluationSet(folder);
  const lines = columns.get(column) ?? [];
  columns.set(column, lines);
  for (const { id, text } of options['embed-only'] ? [] : queries) {
    const judged = judgements.get(id);
    if (judged === undefined) continue;
    const { candidates, query, ranges, weights } = await searcher.candidates({ text });
    const asked = await embedder.embed(query.text);
    if (!asked.ok) continue;
    const ranked = rank(candidates, query, ranges, weights);
    const idOf = (/** @type {string} */ file) => (isMarkdown ? file.replace(/\.md$/, '') : file);
    /** @param {(fileId: number) => number} extra */
    const scoresWith = (extra) => {
      const again = ranked
        .map((entry) => ({ entry, score: entry.score + extra(entry.candidate.fileId) * factorOf(entry) }))
        .sort((a, b) => b.score - a.score);
      const best = bestOfEachFile(again, ({ entry }) => entry.candidate.fileId).slice(0, 10);
      return scoreQuery(
        best.map(({ entry }) => idOf(entry.candidate.path)),
        judged,
      );
    };
    /** @type {Line} */
    const line = {
      half: halfOf(id),
      found: candidates.some(({ path: file }) => judged.has(idOf(file))),
      base: scoresWith(() => 0),
      by: {},
    };
    for (const name of texts) {
      const cosines = new Map(
        [...(vectors.get(name) ?? [])].map(([fileId, vector]) => [fileId, dot(vector, asked.vector)]),
      );
      const order = [...cosines.values()].sort((a, b) => b - a);
      const [high, low] = [order[0] ?? 0, order[Math.min(FILES, order.length) - 1] ?? 0];
      const share = (/** @type {number} */ fileId) =>
        high > low ? Math.max(0, ((cosines.get(fileId) ?? low) - low) / (high - low)) : 0;
      for (const weight of options.weight)
        line.by[`${name} ${weight}`] = scoresWith((fileId) => Number(weight) * share(fileId));
    }
    lines.push(line);
  }
  await searcher.close();
}

/** What the kind of its file makes of the sum of a chunk's parts. */
function factorOf(/** @type {import('../../dist/lib/search/rank.js').RankedChunk} */ { score, parts }) {
  const good = score - parts.kind - parts.excluded;
  return good === 0 ? 1 : (good + parts.kind) / good;
}

/** Vectors of the files of an index: those that are kept beside it, and the others made and kept. */
async function vectorsOf(
  /** @type {TextName} */ name,
  /** @type {readonly {id: number, path: string, language: string}[]} */ files,
  /** @type {string} */ root,
  /** @type {string} */ indexDir,
) {
  const kept = `${indexDir}-${name}.jsonl`;
  const known = new Map(
    existsSync(kept)
      ? readFileSync(kept, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => /** @type {[string, string]} */ (JSON.parse(line)))
      : [],
  );
  const vectors = new Map();
  const missing = [];
  for (const { id, path: file, language } of files) {
    const content = readFileSync(path.join(root, file), 'utf8');
    const text = FILE_TEXTS[name]({ path: file, language, text: content }, countTokens);
    const key = createHash('sha256').update(text).digest('hex').slice(0, 32);
    const vector = known.get(key);
    if (vector === undefined) missing.push({ id, key, text });
    else vectors.set(id, new Float32Array(new Uint8Array(Buffer.from(vector, 'base64')).buffer));
  }
  for (let at = 0; at < missing.length; at += AT_ONCE) {
    const part = missing.slice(at, at + AT_ONCE);
    const embedded = await embedder.embedBatch(part.map(({ text }) => text));
    const rows = part.flatMap(({ id, key }, position) => {
      const one = embedded[position];
      if (!one?.ok) return [];
      vectors.set(id, one.vector);
      return [
        `${JSON.stringify([key, Buffer.from(one.vector.buffer, one.vector.byteOffset, one.vector.byteLength).toString('base64')])}\n`,
      ];
    });
    appendFileSync(kept, rows.join(''));
  }
  if (missing.length > 0) console.error(`${indexDir}: ${missing.length} vectors of the ${name} of files`);
  return vectors;
}

function dot(/** @type {Float32Array} */ a, /** @type {Float32Array} */ b) {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}

function report(/** @type {string} */ column, /** @type {readonly Line[]} */ lines) {
  const notFound = lines.filter(({ found }) => !found).length;
  console.log(
    `\n${column}: ${lines.length} questions, ${notFound} of them with no judged file among the candidates`,
  );
  console.log('| | nDCG@10 | tuned on / other | change, tuned on | change, other | success@1 |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  const all = { 'without it': (/** @type {Line} */ line) => line.base };
  for (const key of Object.keys(lines[0]?.by ?? {}))
    Object.assign(all, { [key]: (/** @type {Line} */ line) => line.by[key] ?? line.base });
  for (const [name, of] of Object.entries(all)) {
    const halves = ['dev', 'test'].map((half) => lines.filter((line) => line.half === half));
    const ndcg = (/** @type {readonly Line[]} */ part) => mean(part.map((line) => of(line).ndcg10));
    const change = halves.map((part) =>
      estimate(bootstrap(part.map((line) => of(line).ndcg10 - line.base.ndcg10))),
    );
    const first = mean(lines.map((line) => of(line).success1));
    console.log(
      `| ${name} | ${figure(ndcg(lines))} | ${halves.map((part) => figure(ndcg(part))).join(' / ')} | ` +
        `${name === 'without it' ? ' | ' : change.join(' | ')} | ${figure(first)} |`,
    );
  }
}
