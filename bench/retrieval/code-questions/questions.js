// The questions about code and what is known of their corpora, as kept in this folder.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readJudgements, readQuestionFile, writeQuestionFile, writeSet } from '../question-set.js';

export { halfOf } from '../question-set.js';

/**
 * @typedef {'sentence' | 'name' | 'error' | 'path' | 'snippet'} Slice
 * @typedef {import('../question-set.js').Question & {slice: Slice}} Question
 * @typedef {{language: string, licence: string, origin: import('../archives.js').Origin, base: string,
 *   keep: readonly string[], extensions: readonly string[]}} Corpus  `keep`: what is taken of the folder `base` of the
 *   archive
 */

const FOLDER = import.meta.dirname;

/** @type {Readonly<Record<string, Corpus>>} */
export const corpora = JSON.parse(readFileSync(path.join(FOLDER, 'corpora.json'), 'utf8'));

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
  return readJudgements(FOLDER);
}

/** Writes the questions of one corpus in BEIR form. */
export function writeQuestions(/** @type {string} */ corpus, /** @type {string} */ folder) {
  writeSet(FOLDER, corpus, folder);
  writeQuestionFile(
    path.join(folder, 'unanswerable.jsonl'),
    readUnanswerable().filter((question) => question.corpus === corpus),
  );
}

function readLines(/** @type {string} */ name) {
  return /** @type {Question[]} */ (readQuestionFile(path.join(FOLDER, name)));
}
