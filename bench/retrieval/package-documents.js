// The commit sets judge files of published npm packages: this fetches one, checks its version and keeps the folder
// that is judged.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** @type {Readonly<Record<string, {package: string, version: string, folder: string}>>} */
const SETS = {
  'commits-eslint': { package: 'eslint', version: '9.9.0', folder: 'lib' },
  'commits-zod': { package: 'zod', version: '4.0.17', folder: 'src' },
};

/**
 * A folder that holds nothing but the judged one, so that paths in it are the ids of documents. Fetched once.
 *
 * @param {string} set
 * @returns {Promise<string>}
 */
export async function packageDocuments(set) {
  const source = SETS[set];
  if (source === undefined)
    throw new Error(`${set} has no corpus.jsonl and is not one of ${Object.keys(SETS).join(', ')}`);
  const work = path.join(os.tmpdir(), 'embed-search-bench', set);
  const root = path.join(work, 'documents');
  if (existsSync(path.join(root, source.folder))) return root;
  mkdirSync(root, { recursive: true });
  await run('npm', ['pack', `${source.package}@${source.version}`, '--pack-destination', work], {
    cwd: work,
  });
  await run('tar', ['-xzf', `${source.package}-${source.version}.tgz`], { cwd: work });
  const { version } = JSON.parse(readFileSync(path.join(work, 'package', 'package.json'), 'utf8'));
  if (version !== source.version) throw new Error(`${source.package} is ${version}, not ${source.version}`);
  renameSync(path.join(work, 'package', source.folder), path.join(root, source.folder));
  rmSync(path.join(work, 'package'), { recursive: true });
  return root;
}
