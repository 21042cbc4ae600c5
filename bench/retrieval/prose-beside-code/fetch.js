// Lays out packages of bench/retrieval/code-questions with the prose that ships beside their code: README, changelog,
// guides. What a package itself has comes from its archive, the rest from the Debian source package of the same version.
//
//   node bench/retrieval/prose-beside-code/fetch.js [NAME...]      default: all of corpora.json
//
// DIR/NAME/with-prose is what to index; DIR as of code-questions/fetch.js.
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { fetchArchive, fetchEach, layOut, takeFiles } from '../archives.js';
import { corpora } from '../code-questions/questions.js';
import { fetchCorpus } from '../code-questions/fetch.js';

/** @type {Readonly<Record<string, {source?: import('../archives.js').Release, files: Readonly<Record<string, string>>}>>} */
export const mixed = JSON.parse(readFileSync(path.join(import.meta.dirname, 'corpora.json'), 'utf8'));

/**
 * The folder of a corpus, with `documents` (code) and `with-prose` (the same and the prose) in it. Made once.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function fetchWithProse(name) {
  const corpus = mixed[name];
  const origin = corpora[name]?.origin;
  if (corpus === undefined || origin === undefined)
    throw new Error(`No corpus is called ${name}: ${Object.keys(mixed).join(', ')}`);
  const folder = await fetchCorpus(name);
  const both = path.join(folder, 'with-prose');
  if (existsSync(both)) return folder;
  const archive = corpus.source
    ? await fetchArchive({ registry: 'debian-source', ...corpus.source }, path.join(folder, 'source'))
    : await fetchArchive(origin, path.join(folder, 'archive'));
  await layOut(archive, both, (unpacked, made) => {
    cpSync(path.join(folder, 'documents'), made, { recursive: true });
    takeFiles(corpus.files, unpacked, made);
  });
  return folder;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , ...asked] = process.argv;
  await fetchEach(asked.length > 0 ? asked : Object.keys(mixed), fetchWithProse);
}
