// How well questions about whole packages are answered: lays the packages out and hands them to bench/retrieval/run.js,
// which indexes each, asks its questions in every way and prints the figures of each and of all together.
//
//   node bench/retrieval/whole-packages/run.js [NAME...] [flags of bench/retrieval/run.js]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fetchPackage, packages } from './fetch.js';

const args = process.argv.slice(2);
const names = args.filter((arg) => arg in packages);
const flags = args.filter((arg) => !(arg in packages));
const folders = [];
for (const name of names.length > 0 ? names : Object.keys(packages)) folders.push(await fetchPackage(name));
const run = path.join(import.meta.dirname, '..', 'run.js');
const child = spawn(process.execPath, [run, ...folders, ...flags], { stdio: 'inherit' });
const [code] = await once(child, 'exit');
process.exitCode = code ?? 1;
