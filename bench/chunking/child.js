// One way of cutting, in a process of its own; prints one line of JSON.
//
//   node bench/chunking/child.js index DIST FOLDER INDEX     bring an index up to date, with the shipped model
//   node bench/chunking/child.js chunk DIST FOLDER...        cut the files of folders, as `index` does before it embeds
//   node bench/chunking/child.js time DIST FOLDER...         the same several times, once warm
//
// DIST is the product's, or the one that run.js has made with the parser in it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { peakMegabytes } from '../store/peak.js';
import { filesBelow } from './files.js';

const ROUNDS = 5;
const [job, dist = '', ...folders] = process.argv.slice(2);
const [folder = '', indexDir] = folders;

/** @type {(module: string) => Promise<any>} */
const load = (module) => import(pathToFileURL(path.join(dist, 'lib', module)).href);
const { detectLanguage } = await load('corpus/language.js');
const { codeLayout, loadGrammars } = await load('corpus/chunk-code.js');

if (job === 'index') {
  await loadGrammars?.(new Set(filesBelow(folder).map(detectLanguage)));
  const { indexFolder } = await load('indexing/index-folder.js');
  const { result, error } = await indexFolder({ root: folder, indexDir });
  if (error !== null) throw error;
  const { total: chunks, embedded } = result.chunks;
  console.log(JSON.stringify({ chunks, embedded, seconds: result.seconds }));
} else {
  const files = folders.flatMap((each) => filesBelow(each).map((name) => ({ folder: each, name })));
  const started = performance.now();
  await loadGrammars?.(new Set(files.map(({ name }) => detectLanguage(name))));
  const loading = performance.now() - started;
  const figures = job === 'time' ? await time(files) : await chunk(files);
  console.log(JSON.stringify({ ...figures, loading, peak: peakMegabytes() }));
}

/** Reads and cuts one file after the other, and keeps nothing. */
async function chunk(/** @type {readonly {folder: string, name: string}[]} */ files) {
  const { prepareFile } = await load('indexing/prepare-file.js');
  const { tokenCounter } = await load('indexing/count-tokens.js');
  const countTokens = await tokenCounter();
  let chunks = 0;
  let bytes = 0;
  for (const file of files) {
    const text = readFileSync(path.join(file.folder, file.name), 'utf8');
    bytes += Buffer.byteLength(text);
    const found = { kind: 'file', path: file.name, absolutePath: '', size: 0, mtimeMs: 0, inode: 0 };
    for (const _ of prepareFile(found, text, '', countTokens).chunks) chunks++;
  }
  return { chunks, bytes };
}

/** Milliseconds of the layout alone, and of all that makes chunks of the same texts: the best round, when all is warm. */
async function time(/** @type {readonly {folder: string, name: string}[]} */ files) {
  const { textLines, lineText } = await load('corpus/text-lines.js');
  const { embeddingBody } = await load('corpus/embedding-text.js');
  const { chunkText } = await load('corpus/chunk-text.js');
  const { CHUNK_OVERLAP_TOKENS, CHUNK_TOKENS } = await load('config.js');
  const countTokens = await (await load('indexing/count-tokens.js')).tokenCounter();
  const texts = files.map(({ folder: below, name }) => {
    const text = readFileSync(path.join(below, name), 'utf8');
    const language = detectLanguage(name);
    const lines = textLines(text);
    const body = embeddingBody(language);
    const tokens = Uint32Array.from({ length: lines.count }, (_, line) =>
      countTokens(body(lineText(lines, line))),
    );
    return { path: name, text, language, lines, tokens };
  });
  let layout = Number.POSITIVE_INFINITY;
  let all = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    let from = performance.now();
    for (const { lines, language, tokens } of texts) codeLayout(lines, language, tokens, CHUNK_TOKENS);
    layout = Math.min(layout, performance.now() - from);
    from = performance.now();
    const limits = { maxTokens: CHUNK_TOKENS, overlapTokens: CHUNK_OVERLAP_TOKENS };
    for (const { path: name, text, language } of texts)
      for (const _ of chunkText(text, { path: name, language, countTokens, ...limits }));
    all = Math.min(all, performance.now() - from);
  }
  const bytes = texts.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  return { layout, all, bytes };
}
