// Lays out packages of bench/retrieval/code-questions with the prose that ships beside their code: README, changelog,
// guides. What a package itself has comes from its archive, the rest from the Debian source package of the same version.
//
//   node bench/retrieval/prose-beside-code/fetch.js [NAME...]      default: all of corpora.json
//
// DIR/NAME/with-prose is what to index; DIR as of code-questions/fetch.js.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { fetchCorpus, unpack } from '../code-questions/fetch.js';

const run = promisify(execFile);

/**
 * @typedef {{package: string, version: string, sha256: string}} Source  the SHA-256 is of its .orig archive
 * @type {Readonly<Record<string, {source?: Source, files: Readonly<Record<string, string>>}>>}
 */
export const mixed = JSON.parse(readFileSync(path.join(import.meta.dirname, 'corpora.json'), 'utf8'));

/**
 * The folder of a corpus, with `documents` (code) and `with-prose` (the same and the prose) in it. Made once.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
export async function fetchWithProse(name) {
  const corpus = mixed[name];
  if (corpus === undefined) throw new Error(`No corpus is called ${name}: ${Object.keys(mixed).join(', ')}`);
  const folder = await fetchCorpus(name);
  const both = path.join(folder, 'with-prose');
  if (existsSync(both)) return folder;
  const unpacked = path.join(folder, 'unpacked-prose');
  const made = path.join(folder, 'making-prose');
  for (const each of [unpacked, made]) rmSync(each, { recursive: true, force: true });
  mkdirSync(unpacked);
  await unpack(
    corpus.source ? await source(corpus.source, folder) : archiveIn(path.join(folder, 'archive')),
    unpacked,
  );
  cpSync(path.join(folder, 'documents'), made, { recursive: true });
  for (const [from, to] of Object.entries(corpus.files)) {
    const bytes = readFileSync(path.join(unpacked, from));
    const target = path.join(made, to);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, from.endsWith('.gz') ? gunzipSync(bytes) : bytes);
  }
  renameSync(made, both);
  rmSync(unpacked, { recursive: true });
  return folder;
}

/** Fetches the archive that Debian built a package from, with lists of its own: most systems name no sources. */
async function source(
  /** @type {Source} */ { package: name, version, sha256 },
  /** @type {string} */ folder,
) {
  const work = path.join(folder, 'source');
  for (const part of ['lists/partial', 'cache/archives/partial', 'archive'])
    mkdirSync(path.join(work, part), { recursive: true });
  writeFileSync(path.join(work, 'sources.list'), 'deb-src http://deb.debian.org/debian bookworm main\n');
  const settings = [
    `Dir::Etc::sourcelist "${work}/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    `Dir::State::lists "${work}/lists";`,
    `Dir::Cache "${work}/cache";`,
    'APT::Sandbox::User "root";',
  ];
  writeFileSync(path.join(work, 'apt.conf'), settings.join('\n'));
  const cwd = path.join(work, 'archive');
  const env = { ...process.env, APT_CONFIG: path.join(work, 'apt.conf') };
  await run('apt-get', ['update', '-qq'], { env });
  // What Debian adds to the archive is not needed, and not every mirror has it: what came is judged by its SHA-256.
  const fetched = run('apt-get', ['source', '--download-only', '-qq', `${name}=${version}`], { env, cwd });
  const failure = await fetched.then(
    () => undefined,
    (/** @type {unknown} */ error) => error,
  );
  const archive = archiveIn(cwd, failure);
  const hash = createHash('sha256').update(readFileSync(archive)).digest('hex');
  if (hash !== sha256) throw new Error(`${name} ${version}: the SHA-256 of its source is ${hash}`);
  return archive;
}

function archiveIn(/** @type {string} */ folder, /** @type {unknown} */ cause) {
  const names = readdirSync(folder).filter((name) => !name.includes('.dsc') && !name.includes('.debian.'));
  const [name] = names;
  if (name === undefined) throw new Error(`${folder} has no archive`, { cause });
  return path.join(folder, name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [, , ...asked] = process.argv;
  for (const name of asked.length > 0 ? asked : Object.keys(mixed))
    console.log(`${name}: ${await fetchWithProse(name)}`);
}
