// The whole job on the project's own files: index them with the shipped model, ask three questions, show the memory.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const cli = path.join(root, 'bin/run.js');
const indexDir = path.join(mkdtempSync(path.join(os.tmpdir(), 'embed-search-demo-')), 'index');

const questions = [
  'what happens when the embedding process crashes',
  'how are identifiers split into words',
  'why is the index still intact after kill -9',
];

function embedSearch(args, { quiet = false } = {}) {
  console.log(`\n$ embed-search ${args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' ')}`);
  const stdio = ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'];
  const run = spawnSync(process.execPath, [cli, ...args], {
    cwd: root,
    stdio,
    env: { ...process.env, EMBED_SEARCH_INDEX_DIR: indexDir },
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(`embed-search ended with ${run.status}`);
  return run.stdout;
}

try {
  // Not this file: it would answer the questions with themselves.
  embedSearch(['index', '.', '--exclude', 'scripts/demo.js']);
  for (const question of questions) embedSearch(['query', question, '--limit', '3']);

  const { result } = JSON.parse(embedSearch(['query', questions[0], '--json'], { quiet: true }));
  const megabytes = (bytes) => (bytes === null ? 'unknown' : `${(bytes / 1024 / 1024).toFixed(0)} MB`);
  const { host, embedder } = result.memory;
  console.log(`
Memory of that query
  the process you talk to  ${megabytes(host.peakRssBytes)} at its peak, of which V8 heap ${megabytes(host.v8HeapUsedBytes)}
  the embedder process     ${megabytes(embedder?.anonymousBytes ?? null)} of its own, ${megabytes(embedder?.fileBackedBytes ?? null)} of files that it maps (model and code)

Next
  npm install -g .                  puts embed-search on your PATH
  embed-search index ~/any/folder   indexes a folder of yours
  embed-search query "where do we retry a failed upload"`);
} finally {
  rmSync(path.dirname(indexDir), { recursive: true, force: true });
}
