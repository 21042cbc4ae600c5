// The whole job on the project's own source: index it with the shipped model, ask three questions, show the memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
  'files that hold passwords are left out',
];

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
let running;
let stoppedBy;

// The index is a temporary one, so nothing could go on with it: the program does not get to say so, and all of it goes.
for (const name of Object.keys(EXIT_CODES)) {
  process.on(name, () => {
    stoppedBy ??= name;
    running?.kill('SIGKILL'); // its embedder leaves with it
  });
}

async function embedSearch(args, { quiet = false } = {}) {
  if (stoppedBy !== undefined) throw new Error(`stopped by ${stoppedBy}`);
  console.log(`\n$ embed-search ${args.map((arg) => (/[\s*]/.test(arg) ? `"${arg}"` : arg)).join(' ')}`);
  const stdio = ['ignore', quiet ? 'pipe' : 'inherit', 'inherit'];
  running = spawn(process.execPath, [cli, ...args], {
    cwd: root,
    stdio,
    env: { ...process.env, EMBED_SEARCH_INDEX_DIR: indexDir },
    // Ctrl-C is for us.
    detached: process.platform !== 'win32',
  });
  let output = '';
  running.stdout?.setEncoding('utf8').on('data', (part) => (output += part));
  const [status] = await once(running, 'close');
  if (status !== 0) throw new Error(`embed-search ended with ${status}`);
  return output;
}

try {
  await embedSearch(['index', '.', '--include', 'src/**', '--include', 'README.md']);
  for (const question of questions) await embedSearch(['query', question, '--limit', '3']);

  const { result } = JSON.parse(await embedSearch(['query', questions[0], '--json'], { quiet: true }));
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
} catch (error) {
  if (stoppedBy === undefined) throw error;
  // A program that was killed leaves its bar and a hidden cursor behind.
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K\u001B[?25h');
  console.error('Stopped, and the index of this demo is removed: the next run starts from its beginning.');
  process.exitCode = EXIT_CODES[stoppedBy];
} finally {
  rmSync(path.dirname(indexDir), { recursive: true, force: true });
}
