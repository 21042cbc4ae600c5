// Where the memory is: host and embedder, while they index a small folder and while they answer, each with what is its
// own and what it shares. Prints the table of docs/memory.md and draws docs/memory.svg.
//
//   node bench/memory.js [--bytes 120000]
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { makeRealFolder } from './host/real-text.js';
import { childrenOf, startCommand } from './host/watched-process.js';

/** @typedef {{rss: number, anonymous: number, fileBacked: number}} Parts megabytes, at one moment */
/** @typedef {{name: string, host: Parts, heap: number, embedder: Parts}} Row */

const EVERY_MILLISECONDS = 5;
const SETTINGS = ['lean', 'fast'].flatMap((memory) => [1, 2].map((lanes) => ({ memory, lanes })));

const { values: options } = parseArgs({ options: { bytes: { type: 'string', default: '120000' } } });
const folder = path.join(os.tmpdir(), 'embed-search-bench', 'memory');
const made = makeRealFolder(folder, { bytes: Number(options.bytes) });
console.log(
  `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GB, ` +
    `${os.type()}, Node ${process.version}; ${made.files} files, ${(made.bytes / 1e6).toFixed(1)} MB of text\n`,
);
/** @type {Row[]} */
const rows = [];
for (const command of [
  ['index', folder, '--rebuild'],
  ['query', 'where do we retry a failed upload', '--path', folder],
]) {
  for (const { memory, lanes } of SETTINGS) {
    const args = [...command, '--memory', memory, '--lanes', String(lanes), '--json'];
    const row = {
      name: `${command[0]}, ${memory}, ${lanes} lane${lanes === 1 ? '' : 's'}`,
      ...(await watch(args)),
    };
    rows.push(row);
  }
}
printTable();
writeFileSync(path.resolve(import.meta.dirname, '../docs/memory.svg'), picture());

/** Both processes, each at the moment when it had most in memory. */
async function watch(/** @type {readonly string[]} */ args) {
  const process = startCommand(args, ['ignore', 'pipe', 'inherit']);
  let host = nothing();
  let embedder = nothing();
  const timer = setInterval(() => {
    host = larger(host, partsOf(process.pid));
    for (const pid of childrenOf(process.pid)) {
      // Between fork and exec a child is a copy of its parent.
      if (programOf(pid) !== programOf(process.pid)) embedder = larger(embedder, partsOf(pid));
    }
  }, EVERY_MILLISECONDS);
  const { result } = JSON.parse((await buffer(process.stdout)).toString());
  clearInterval(timer);
  return { host, embedder, heap: result.memory.host.v8HeapUsedBytes / 2 ** 20 };
}

function nothing() {
  return { rss: 0, anonymous: 0, fileBacked: 0 };
}

function larger(/** @type {Parts} */ one, /** @type {Parts} */ other) {
  return other.rss > one.rss ? other : one;
}

/** Source: /proc/PID/status, proc_pid_status(5). */
function partsOf(/** @type {number | string | undefined} */ pid) {
  const status = readOrEmpty(`/proc/${pid}/status`);
  const of = (/** @type {string} */ name) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { rss: of('VmRSS'), anonymous: of('RssAnon'), fileBacked: of('RssFile') };
}

function programOf(/** @type {number | string | undefined} */ pid) {
  return readOrEmpty(`/proc/${pid}/cmdline`);
}

function readOrEmpty(/** @type {string} */ file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has just ended
  }
}

function printTable() {
  console.log('| MB | host: all | its own | V8 heap used | files | embedder: all | its own | files |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const { name, host, heap, embedder } of rows) {
    const figures = [host.rss, host.anonymous, heap, host.fileBacked];
    figures.push(embedder.rss, embedder.anonymous, embedder.fileBacked);
    console.log(`| ${[name, ...figures.map((figure) => figure.toFixed(0))].join(' | ')} |`);
  }
}

/** Two bars a row, what is a process's own in front of the files that it maps. */
function picture() {
  const [left, top, rowHeight, barHeight] = [170, 62, 46, 15];
  const most = Math.max(...rows.flatMap(({ host, embedder }) => [host.rss, embedder.rss]));
  const scale = 500 / most;
  const height = top + rows.length * rowHeight + 10;
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Memory of host and embedder, by part</title>',
    `<rect width="760" height="${height}" fill="#ffffff"/>`,
    '<text x="10" y="22" font-size="15" font-weight="bold">Memory at its highest, MB: host above, embedder below</text>',
  ];
  const legend = [
    ['#1f4e79', 'host: V8 heap'],
    ['#5b9bd5', 'host: other own'],
    ['#a04000', 'embedder: own'],
    ['#d9d9d9', 'mapped files, shared with the cache of the system'],
  ];
  let x = 10;
  for (const [colour, text] of legend) {
    lines.push(`<rect x="${x}" y="34" width="12" height="12" fill="${colour}"/>`);
    lines.push(`<text x="${x + 17}" y="45">${text}</text>`);
    x += 17 + text.length * 6.5 + 18;
  }
  rows.forEach(({ name, host, heap, embedder }, position) => {
    const y = top + position * rowHeight;
    lines.push(`<text x="10" y="${y + barHeight + 4}">${name}</text>`);
    const other = Math.max(0, host.anonymous - heap);
    bar(y, [
      ['#1f4e79', heap],
      ['#5b9bd5', other],
      ['#d9d9d9', host.fileBacked],
    ]);
    bar(y + barHeight + 2, [
      ['#a04000', embedder.anonymous],
      ['#d9d9d9', embedder.fileBacked],
    ]);
  });
  return `${[...lines, '</svg>'].join('\n')}\n`;

  function bar(/** @type {number} */ y, /** @type {[string, number][]} */ parts) {
    let from = left;
    for (const [colour, megabytes] of parts) {
      const width = megabytes * scale;
      lines.push(
        `<rect x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${barHeight}" fill="${colour}"/>`,
      );
      from += width;
    }
    const all = parts.reduce((sum, [, megabytes]) => sum + megabytes, 0);
    lines.push(`<text x="${(from + 5).toFixed(1)}" y="${y + 12}">${all.toFixed(0)}</text>`);
  }
}
