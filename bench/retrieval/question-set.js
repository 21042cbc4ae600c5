// Questions about several corpora that are kept in one folder: `queries.jsonl` (`_id`, `corpus`, `text`, `slice`) and
// `qrels/test.tsv` (question, path in its corpus, grade).
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{id: string, corpus: string, text: string, slice: string}} Question */

/** @returns {Question[]} in the order of the file */
export function readQuestionFile(/** @type {string} */ file) {
  return linesOf(file).map((line) => {
    const { _id: id, ...question } = JSON.parse(line);
    return { id, ...question };
  });
}

/** @returns {Map<string, Map<string, number>>} question -> path in its corpus -> grade, 2 (answers it) or 1 (helps) */
export function readJudgements(/** @type {string} */ folder) {
  const judgements = new Map();
  for (const [question, file, grade] of judgementRows(folder)) {
    if (!judgements.has(question)) judgements.set(question, new Map());
    judgements.get(question).set(file, Number(grade));
  }
  return judgements;
}

/**
 * The half that a question belongs to, by its id alone, so that adding questions moves none: tune on `dev`, report
 * `test` beside it.
 *
 * @param {string} id
 * @returns {'dev' | 'test'}
 */
export function halfOf(id) {
  return (createHash('sha256').update(id).digest()[0] ?? 0) % 2 === 0 ? 'dev' : 'test';
}

/**
 * Writes the questions of one corpus in BEIR form.
 *
 * @param {string} from the folder of all
 * @param {string} corpus
 * @param {string} into
 */
export function writeSet(from, corpus, into) {
  const asked = readQuestionFile(path.join(from, 'queries.jsonl')).filter((each) => each.corpus === corpus);
  const ids = new Set(asked.map(({ id }) => id));
  const rows = judgementRows(from).filter(([id]) => ids.has(id ?? ''));
  mkdirSync(path.join(into, 'qrels'), { recursive: true });
  writeQuestionFile(path.join(into, 'queries.jsonl'), asked);
  const table = [['query-id', 'corpus-id', 'score'], ...rows].map((row) => `${row.join('\t')}\n`);
  writeFileSync(path.join(into, 'qrels', 'test.tsv'), table.join(''));
}

/** As BEIR has it, so that `embed-search eval` reports by slice and half. */
export function writeQuestionFile(/** @type {string} */ file, /** @type {readonly Question[]} */ questions) {
  const lines = questions.map(({ id, text, slice }) =>
    JSON.stringify({ _id: id, text, metadata: { slice, set: halfOf(id) } }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
}

function judgementRows(/** @type {string} */ folder) {
  const [, ...rows] = linesOf(path.join(folder, 'qrels', 'test.tsv'));
  return rows.map((row) => row.split('\t'));
}

function linesOf(/** @type {string} */ file) {
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}
