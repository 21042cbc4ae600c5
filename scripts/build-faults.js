// Makes dist-faults from dist: the same library, in which each comment `Fault point: NAME` is a call that can end the
// process there, and what is followed by `Fault build: VALUE` has that value, so that a small index has many steps.
// Nothing of it is in dist, and nothing of dist-faults is published.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const from = path.join(root, 'dist/lib');
const to = path.join(root, 'dist-faults/lib');

rmSync(path.dirname(to), { recursive: true, force: true });
cpSync(from, to, { recursive: true });

for (const name of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
  if (!/^(store|indexing)\/.*\.js$/u.test(name.split(path.sep).join('/'))) continue;
  const file = path.join(to, name);
  const text = readFileSync(file, 'utf8');
  const faulty = text
    .replaceAll(
      /^(\s*)\/\/ Fault point: (.+)$/gmu,
      (_, indent, point) => `${indent}globalThis.faultPoint?.(${JSON.stringify(point)});`,
    )
    .replaceAll(/= [^;]+; \/\/ Fault build: (.+)$/gmu, '= $1;');
  if (faulty !== text) writeFileSync(file, faulty);
}
