// A model of the 4 GB class, as a user would use it: indexes 20 chunks of about 64 tokens and asks for them, lean and
// (with --fast) fast, and prints what host and embedder took beside what `model info` had expected.
//   node bench/large-model.js FILE.gguf [--fast] [--texts N]
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fast: { type: 'boolean', default: false }, texts: { type: 'string', default: '20' } },
});
const [file] = positionals;
if (file === undefined) {
  console.error('usage: node bench/large-model.js FILE.gguf [--fast] [--texts N]');
  process.exit(2);
}

const cli = fileURLToPath(new URL('../bin/run.js', import.meta.url));
const MB = 1024 * 1024;
const WORDS = 'retry upload config cache parse index chunk vector token query shard model'.split(' ');

/** Runs a command; looks at the memory of it and of its embedder ten times a second. */
function run(args) {
  return new Promise((resolve, reject) => {
    const peak = { host: 0, anonymous: 0, mapped: 0 };
    const started = performance.now();
    const child = execFile(
      process.execPath,
      [cli, ...args, '--json'],
      { maxBuffer: 64 * MB },
      (error, stdout) => {
        clearInterval(watch);
        const document = JSON.parse(stdout || '{}');
        if (!document.ok) return reject(error ?? new Error(JSON.stringify(document.error)));
        resolve({ peak, document, seconds: (performance.now() - started) / 1000 });
      },
    );
    const watch = setInterval(() => {
      peak.host = Math.max(peak.host, memoryOf(child.pid).rss);
      for (const pid of childrenOf(child.pid)) {
        const { anonymous, file: mapped } = memoryOf(pid);
        peak.anonymous = Math.max(peak.anonymous, anonymous);
        peak.mapped = Math.max(peak.mapped, mapped);
      }
    }, 100);
  });
}

function memoryOf(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
    return { rss: of('VmRSS'), anonymous: of('RssAnon'), file: of('RssFile') };
  } catch {
    return { rss: 0, anonymous: 0, file: 0 };
  }
}

function childrenOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim().split(' ').filter(Boolean),
    );
  } catch {
    return [];
  }
}

/** Files of one short paragraph each, all different. */
function writeTexts(folder, count) {
  for (let index = 0; index < count; index++) {
    const words = Array.from(
      { length: 14 },
      (_, at) => WORDS[(index * 5 + at * (1 + (index % 3))) % WORDS.length],
    );
    writeFileSync(path.join(folder, `note-${index}.txt`), `Note ${index}: ${words.join(' ')}.\n`);
  }
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'embed-search-large-'));
try {
  const texts = path.join(folder, 'texts');
  mkdirSync(texts);
  writeTexts(texts, Number(values.texts));
  const { document: info } = await run(['model', 'info', file]);
  console.log(
    `${info.result.id}: ${(info.result.bytes / MB).toFixed(0)} MB, ${info.result.dimensions} dimensions`,
  );
  for (const mode of values.fast ? ['lean', 'fast'] : ['lean']) {
    const index = path.join(folder, mode);
    const use = ['--index-dir', index, '--model', file, '--memory', mode, '--lanes', '1', '--device', 'cpu'];
    const indexed = await run(['index', texts, ...use]);
    const asked = await run([
      'query',
      'where is a failed upload tried again',
      '--path',
      texts,
      ...use,
      '--mode',
      'vector',
    ]);
    const expected = info.result.memory.find(({ memory, lanes }) => memory === mode && lanes === 1);
    const { withVectors } = indexed.document.result.chunks;
    console.log(
      `${mode}, 1 lane; expected at most ${(expected.anonymousBytes / MB).toFixed(0)} MB anonymous`,
    );
    for (const [what, ran] of [
      [`index, ${withVectors} chunks`, indexed],
      ['query', asked],
    ]) {
      const { host, anonymous, mapped } = ran.peak;
      console.log(
        `  ${what.padEnd(18)} ${ran.seconds.toFixed(1).padStart(7)} s  host ${host.toFixed(0)} MB  embedder ${anonymous.toFixed(0)} MB anonymous + ${mapped.toFixed(0)} MB mapped`,
      );
    }
    if (asked.document.result.hits.length === 0) throw new Error('the query found nothing');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
