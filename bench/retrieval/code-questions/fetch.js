// Fetches the packages that the questions are about, checks them against corpora.json and lays out what is kept of
// each as a folder, with its questions in BEIR form beside it:
//
//   node bench/retrieval/code-questions/fetch.js [NAME...]     default: all of corpora.json
//
// DIR/NAME/documents is what to index, DIR/NAME what to judge by; DIR is embed-search-bench/code-questions in the
// temporary folder. A corpus whose registry does not answer is named and left out, and the exit code is 1.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { corpora, writeQuestions } from './questions.js';

const run = promisify(execFile);

/** @typedef {import('./questions.js').Corpus} Corpus */
/** @typedef {import('./questions.js').Origin} Origin */

const PIP_DOWNLOAD = '-m pip download --quiet --no-deps --ignore-requires-python --dest'.split(' ');

/** The client of a registry that fetches one exact version of a package into a folder. */
const CLIENTS = {
  npm: (/** @type {Origin} */ { package: name, version }, /** @type {string} */ into) =>
    run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', into]),
  pypi: ({ package: name, version, kind }, into) =>
    run('python3', [
      ...PIP_DOWNLOAD,
      into,
      ...(kind === 'wheel' ? ['--only-binary', ':all:'] : ['--no-binary', name]),
      `${name}==${version}`,
    ]),
  // Without the sandbox user, who may not write into a private folder.
  debian: ({ package: name, version }, into) =>
    run('apt-get', ['download', '-q', '-o', 'APT::Sandbox::User=root', `${name}=${version}`], { cwd: into }),
};

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
  const folder = path.join(os.tmpdir(), 'embed-search-bench', 'code-questions', name);
  const documents = path.join(folder, 'documents');
  mkdirSync(folder, { recursive: true });
  if (!existsSync(documents)) await layOut(corpus, folder, documents);
  writeQuestions(name, folder);
  return folder;
}

/** The documents appear with a rename, whole or not at all. */
async function layOut(
  /** @type {Corpus} */ { origin, base, keep, extensions },
  /** @type {string} */ folder,
  /** @type {string} */ documents,
) {
  const archive = await download(origin, path.join(folder, 'archive'));
  const unpacked = path.join(folder, 'unpacked');
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked);
  await unpack(archive, unpacked);
  const kept = path.join(folder, 'kept');
  rmSync(kept, { recursive: true, force: true });
  for (const part of keep) {
    cpSync(path.join(unpacked, base, part), path.join(kept, part), {
      recursive: true,
      filter: (source) => isKept(source, extensions),
    });
  }
  renameSync(kept, documents);
  rmSync(unpacked, { recursive: true });
}

/** Fetches the archive of a package, or throws what keeps it from being the one that was judged. */
async function download(/** @type {Origin} */ origin, /** @type {string} */ into) {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into);
  const title = `${origin.package} ${origin.version} (${origin.registry})`;
  try {
    await CLIENTS[origin.registry](origin, into);
  } catch (error) {
    throw new Error(`${title} could not be fetched: ${lastLine(error)}`, { cause: error });
  }
  const [file] = readdirSync(into);
  if (file === undefined) throw new Error(`${title} could not be fetched: nothing came`);
  const archive = path.join(into, file);
  const hash = createHash('sha256').update(readFileSync(archive)).digest('hex');
  if (hash !== origin.sha256) {
    throw new Error(`${title} is not the archive that was judged: its SHA-256 is ${hash}`);
  }
  return archive;
}

/** Unpacks an archive of any of the registries. */
export function unpack(/** @type {string} */ archive, /** @type {string} */ into) {
  if (archive.endsWith('.deb')) return run('dpkg-deb', ['--extract', archive, into]);
  if (archive.endsWith('.whl')) return run('python3', ['-m', 'zipfile', '--extract', archive, into]);
  return run('tar', ['-xf', archive, '-C', into]);
}

/** Folders, and the files of the languages that are judged; no links, which would lead out of the corpus. */
function isKept(/** @type {string} */ source, /** @type {readonly string[]} */ extensions) {
  const found = lstatSync(source);
  return found.isDirectory() || (found.isFile() && extensions.includes(path.extname(source).slice(1)));
}

function lastLine(/** @type {unknown} */ error) {
  const { stderr, message } = /** @type {{stderr?: string, message: string}} */ (error);
  return (stderr?.trim() || message).split('\n').at(-1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , ...asked] = process.argv;
  for (const name of asked.length > 0 ? asked : Object.keys(corpora)) {
    try {
      console.log(`${name}: ${await fetchCorpus(name)}`);
    } catch (error) {
      process.exitCode = 1;
      console.error(`${name}: ${/** @type {Error} */ (error).message}`);
    }
  }
}
