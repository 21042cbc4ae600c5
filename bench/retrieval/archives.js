// Packages as their registries serve them: fetches one with the registry's own client, refuses an archive that is not
// the one that was judged, and makes a folder out of what it holds.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

const run = promisify(execFile);

/**
 * @typedef {{package: string, version: string, sha256: string}} Release  the SHA-256 is of the archive as it is served;
 *   of a Debian source package, of what upstream released
 * @typedef {Release & {registry: 'npm' | 'pypi' | 'debian' | 'debian-source', kind?: 'wheel' | 'sdist'}} Origin
 */

const PIP_DOWNLOAD =
  '-m pip download --quiet --disable-pip-version-check --no-deps --ignore-requires-python --dest'.split(' ');

/**
 * The client of a registry that fetches one exact version of a package into a folder.
 *
 * @type {Readonly<Record<Origin['registry'], (origin: Origin, into: string) => Promise<unknown>>>}
 */
const CLIENTS = {
  npm: ({ package: name, version }, into) =>
    run('npm', ['pack', `${name}@${version}`, '--loglevel', 'error', '--pack-destination', into]),
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
  'debian-source': debianSource,
};

const DEBIAN = 'It takes the apt-get of Debian 12 (bookworm) and its lists (`apt-get update`).';

/**
 * Fetches the archive of a package into a folder of its own, unless it is there, and returns its path, or throws what
 * keeps it from being the one that was judged.
 *
 * @param {Origin} origin
 * @param {string} into
 * @returns {Promise<string>}
 */
export async function fetchArchive(origin, into) {
  const known = archiveIn(into);
  if (known !== undefined && hashOf(known) === origin.sha256) return known;
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const title = `${origin.package} ${origin.version} (${origin.registry})`;
  try {
    await CLIENTS[origin.registry](origin, into);
  } catch (error) {
    const help = origin.registry.startsWith('debian') ? `. ${DEBIAN}` : '';
    throw new Error(`${title} could not be fetched: ${reasonOf(error)}${help}`, { cause: error });
  }
  const archive = archiveIn(into);
  if (archive === undefined) throw new Error(`${title} could not be fetched: nothing came`);
  const hash = hashOf(archive);
  if (hash !== origin.sha256)
    throw new Error(`${title} is not the archive that was judged: its SHA-256 is ${hash}`);
  return archive;
}

function archiveIn(/** @type {string} */ folder) {
  const [name] = existsSync(folder) ? readdirSync(folder) : [];
  return name === undefined ? undefined : path.join(folder, name);
}

function hashOf(/** @type {string} */ file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/**
 * Lays out what a package of a set has to be indexed, unless it is there, and returns the folder that it is `documents` of.
 *
 * @param {string} set the name of its folder
 * @param {string} name
 * @param {Origin} origin
 * @param {(unpacked: string, made: string) => void} fill
 * @returns {Promise<string>}
 */
export async function folderOf(set, name, origin, fill) {
  const folder = path.join(os.tmpdir(), 'embed-search-bench', set, name);
  const documents = path.join(folder, 'documents');
  if (!existsSync(documents))
    await layOut(await fetchArchive(origin, path.join(folder, 'archive')), documents, fill);
  return folder;
}

/**
 * Makes a folder out of what an archive holds; it appears with a rename, whole or not at all.
 *
 * @param {string} archive of any of the registries
 * @param {string} folder
 * @param {(unpacked: string, made: string) => void} fill
 */
export async function layOut(archive, folder, fill) {
  const unpacked = `${folder}-unpacked`;
  const made = `${folder}-made`;
  for (const each of [unpacked, made]) {
    rmSync(each, { recursive: true, force: true });
    mkdirSync(each);
  }
  await unpack(archive, unpacked);
  fill(unpacked, made);
  renameSync(made, folder);
  rmSync(unpacked, { recursive: true });
}

/**
 * Copies files and folders of an archive to where they belong, without the compression that Debian gives documents.
 *
 * @param {Readonly<Record<string, string>>} files path in the archive -> path in the folder
 * @param {string} unpacked
 * @param {string} made
 */
export function takeFiles(files, unpacked, made) {
  for (const [from, to] of Object.entries(files)) {
    const source = path.join(unpacked, from);
    const target = path.join(made, to);
    mkdirSync(path.dirname(target), { recursive: true });
    if (from.endsWith('.gz')) writeFileSync(target, gunzipSync(readFileSync(source)));
    else cpSync(source, target, { recursive: statSync(source).isDirectory() });
  }
}

/**
 * Fetches the named ones, or all, and prints the folder of each. One that does not come is named and left out, and the
 * exit code is 1.
 *
 * @param {readonly string[]} names
 * @param {(name: string) => Promise<string>} fetchOne
 */
export async function fetchEach(names, fetchOne) {
  for (const name of names) {
    try {
      console.log(`${name}: ${await fetchOne(name)}`);
    } catch (error) {
      process.exitCode = 1;
      console.error(`${name}: ${/** @type {Error} */ (error).message}`);
    }
  }
}

/** With lists of its own: most systems name no sources. */
async function debianSource(/** @type {Origin} */ { package: name, version }, /** @type {string} */ into) {
  const work = path.join(os.tmpdir(), 'embed-search-bench', 'debian-sources');
  for (const part of ['lists/partial', 'cache/archives/partial'])
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
  const env = { ...process.env, APT_CONFIG: path.join(work, 'apt.conf') };
  await run('apt-get', ['update', '-qq'], { env });
  const isUpstreams = (/** @type {string} */ file) => /\.orig\.tar\.[a-z0-9]+$/.test(file);
  const download = ['source', '--download-only', '-qq', `${name}=${version}`];
  try {
    await run('apt-get', download, { env, cwd: into });
  } catch (error) {
    // What Debian adds to the archive is not needed, and not every mirror has it: what came is judged by its SHA-256.
    if (!readdirSync(into).some(isUpstreams)) throw error;
  }
  for (const file of readdirSync(into)) {
    if (!isUpstreams(file)) rmSync(path.join(into, file), { recursive: true });
  }
}

function unpack(/** @type {string} */ archive, /** @type {string} */ into) {
  if (archive.endsWith('.deb')) return run('dpkg-deb', ['--extract', archive, into]);
  if (archive.endsWith('.whl')) return run('python3', ['-m', 'zipfile', '--extract', archive, into]);
  return run('tar', ['-xf', archive, '-C', into]);
}

/** The line that says what went wrong: the last one is often where a log is, or that there is a newer version. */
function reasonOf(/** @type {unknown} */ error) {
  const { stderr, message } = /** @type {{stderr?: string, message: string}} */ (error);
  const lines = (stderr?.trim() || message).split('\n');
  return lines.find((line) => /^(E:|ERROR|npm (err|error))/i.test(line)) ?? lines.at(-1);
}
