// Fetches the packages that the questions are about, checks them against corpora.json and lays out what is kept of
// each as a folder, with its questions in BEIR form beside it:
//
//   node bench/retrieval/code-questions/fetch.js [NAME...]     default: all of corpora.json
//
// DIR/NAME/documents is what to index, DIR/NAME what to judge by; DIR is embed-search-bench/code-questions in the
// temporary folder. A corpus whose registry does not answer is named and left out, and the exit code is 1.
import { cpSync, lstatSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetchEach, folderOf } from '../archives.js';
import { corpora, writeQuestions } from './questions.js';

/**
 * Lays out a corpus, unless it is there, and returns its folder: `documents` to index, `queries.jsonl`,
 * `unanswerable.jsonl` and `qrels/test.tsv` to judge by.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function fetchCorpus(name) {
  const corpus = corpora[name];
  if (corpus === undefined)
    throw new Error(`No corpus is called ${name}: ${Object.keys(corpora).join(', ')}`);
  const folder = await folderOf('code-questions', name, corpus.origin, (unpacked, made) => {
    for (const part of corpus.keep) {
      cpSync(path.join(unpacked, corpus.base, part), path.join(made, part), {
        recursive: true,
        filter: (source) => isKept(source, corpus.extensions),
      });
    }
  });
  writeQuestions(name, folder);
  return folder;
}

/** Folders, and the files of the languages that are judged; no links, which would lead out of the corpus. */
function isKept(/** @type {string} */ source, /** @type {readonly string[]} */ extensions) {
  const found = lstatSync(source);
  return found.isDirectory() || (found.isFile() && extensions.includes(path.extname(source).slice(1)));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , ...asked] = process.argv;
  await fetchEach(asked.length > 0 ? asked : Object.keys(corpora), fetchCorpus);
}
