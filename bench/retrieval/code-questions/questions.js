// The questions about code and what is known of their corpora, as kept in this folder.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {'sentence' | 'name' | 'error' | 'path' | 'snippet'} Slice
 * @typedef {{id: string, corpus: string, text: string, slice: Slice}} Question
 * @typedef {{registry: 'npm' | 'pypi' | 'debian', package: string, version: string, sha256: string,
 *   kind?: 'wheel' | 'sdist'}} Origin  the SHA-256 is of the archive as the registry serves it
 * @typedef {{language: string, licence: string, origin: Origin, base: string, keep: readonly string[],
 *   extensions: readonly string[]}} Corpus  `keep`: what is taken of the folder `base` of the archive
 */

/** @type {Readonly<Record<string, Corpus>>} */
export const corpora = JSON.parse(readFileSync(path.join(import.meta.dirname, 'corpora.json'), 'utf8'));

/** Questions that files of their corpus answer, in the order of the file. */
export function readQuestions() {
  return readLines('queries.jsonl');
}

/** Questions of the same kinds that no file of their corpus answers: for judging what is said when nothing fits. */
export function readUnanswerable() {
  return readLines('unanswerable.jsonl');
}

/** @returns {Map<string, Map<string, number>>} question -> path in its corpus -> grade, 2 (answers it) or 1 (helps) */
export function readQuestionJudgements() {
  const judgements = new Map();
  for (const [question, file, grade] of judgementRows()) {
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

/** Writes the questions of one corpus in BEIR form. */
export function writeQuestions(/** @type {string} */ corpus, /** @type {string} */ folder) {
  const asked = readQuestions().filter((question) => question.corpus === corpus);
  const ids = new Set(asked.map(({ id }) => id));
  const rows = judgementRows().filter(([id]) => ids.has(id ?? ''));
  mkdirSync(path.join(folder, 'qrels'), { recursive: true });
  writeLines(path.join(folder, 'queries.jsonl'), asked);
  writeLines(
    path.join(folder, 'unanswerable.jsonl'),
    readUnanswerable().filter((question) => question.corpus === corpus),
  );
  const table = [['query-id', 'corpus-id', 'score'], ...rows].map((row) => `${row.join('\t')}\n`);
  writeFileSync(path.join(folder, 'qrels', 'test.tsv'), table.join(''));
}

function judgementRows() {
  const [, ...rows] = readFileSync(path.join(import.meta.dirname, 'qrels', 'test.tsv'), 'utf8')
    .trimEnd()
    .split('\n');
  return rows.map((row) => row.split('\t'));
}

/** @returns {Question[]} */
function readLines(/** @type {string} */ name) {
  const lines = readFileSync(path.join(import.meta.dirname, name), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.map((line) => {
    const { _id: id, ...question } = JSON.parse(line);
    return { id, ...question };
  });
}

/** As BEIR has it, so that `embed-search eval` reports by slice and half. */
function writeLines(/** @type {string} */ file, /** @type {readonly Question[]} */ questions) {
  const lines = questions.map(({ id, text, slice }) =>
    JSON.stringify({ _id: id, text, metadata: { slice, set: halfOf(id) } }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
}
