// Fetches the packages that the questions are about, checks them against corpora.json and lays each out whole, with
// tests, documents and changelog, and with its questions in BEIR form beside it:
//
//   node bench/retrieval/whole-packages/fetch.js [NAME...]     default: all of corpora.json
//
// DIR/NAME/documents is what to index, DIR/NAME what to judge by; DIR is embed-search-bench/whole-packages in the
// temporary folder. A package whose registry does not answer is named and left out, and the exit code is 1.
import { cpSync, lstatSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import picomatch from 'picomatch';
import { fetchEach, folderOf, takeFiles } from '../archives.js';
import { writeSet } from '../question-set.js';

/**
 * @typedef {{language: string, licence: string, origin: import('../archives.js').Origin, base: string,
 *   drop: readonly string[], files?: Readonly<Record<string, string>>}} WholePackage  `drop`: patterns of what is left
 *   out of the folder `base` of the archive; `files`: what the archive has elsewhere, and where it belongs
 */

/** @type {Readonly<Record<string, WholePackage>>} */
export const packages = JSON.parse(readFileSync(path.join(import.meta.dirname, 'corpora.json'), 'utf8'));

/**
 * Lays out a package, unless it is there, and returns its folder: `documents` to index, `queries.jsonl` and
 * `qrels/test.tsv` to judge by.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function fetchPackage(name) {
  const whole = packages[name];
  if (whole === undefined)
    throw new Error(`No package is called ${name}: ${Object.keys(packages).join(', ')}`);
  const folder = await folderOf('whole-packages', name, whole.origin, (unpacked, made) => {
    const base = path.join(unpacked, whole.base);
    const isDropped = picomatch([...whole.drop], { dot: true });
    cpSync(base, made, {
      recursive: true,
      // No links, which would lead out of the package.
      filter: (source) =>
        !lstatSync(source).isSymbolicLink() &&
        !isDropped(path.relative(base, source).replaceAll(path.sep, '/')),
    });
    takeFiles(whole.files ?? {}, unpacked, made);
  });
  writeSet(import.meta.dirname, name, folder);
  return folder;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , ...asked] = process.argv;
  await fetchEach(asked.length > 0 ? asked : Object.keys(packages), fetchPackage);
}
