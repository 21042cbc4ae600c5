// Writes an index as `index` does, with ready-made vectors in the place of an embedder: what the writer alone costs.
//
//   node bench/store/write.js DATA INDEX CHUNKS
import { rmSync } from 'node:fs';
import { collectGarbage } from '../../dist/lib/memory/collect-garbage.js';
import { SEARCH_WORDS } from '../../dist/lib/indexing/search-words.js';
import { openLocalStore } from '../../dist/lib/store/local-store.js';
import { Corpus } from './corpus.js';
import { peakMegabytes } from './peak.js';
import { DIMENSIONS } from './real-data.js';

const GROUP_CHARACTERS = 256 * 1024;
const WINDOW = 400;
const [data = '', indexDir = '', count = ''] = process.argv.slice(2);

rmSync(indexDir, { recursive: true, force: true });
const corpus = new Corpus(data);
const writer = await openLocalStore(indexDir).openWriter({ root: indexDir });
const identity = {
  modelId: 'bench',
  modelSha256: '00'.repeat(32),
  dimensions: DIMENSIONS,
  pooling: 'mean',
  queryPrefix: '',
  documentPrefix: '',
  tokenLimit: 128,
  normalization: 'none',
};
writer.setIdentity(identity, { path: '/model.gguf', bytes: 1, mtimeMs: 1 });
await writer.setWords(SEARCH_WORDS);

const started = performance.now();
let textBytes = 0;
let characters = 0;
let group = [];
for (const file of corpus.files(Number(count))) {
  for (const { text } of file.chunks) {
    textBytes += Buffer.byteLength(text);
    characters += text.length;
  }
  group.push(file);
  if (characters < GROUP_CHARACTERS) continue;
  await writer.putFiles(group);
  collectGarbage();
  group = [];
  characters = 0;
}
await writer.putFiles(group);
await writer.tidyWords();
const wordsReady = performance.now();
const wordsPeak = peakMegabytes();
for (let index = 0; ;) {
  const pending = writer.pendingChunks(WINDOW);
  if (pending.length === 0) break;
  writer.stageVectors(
    pending.map(({ embeddingKey }) => ({ key: embeddingKey, vector: corpus.vector(index++) })),
  );
  await writer.publish();
  collectGarbage();
}
await writer.publish({ all: true });
await writer.sweep();
await writer.close();
corpus.close();
const ended = performance.now();
const reader = await openLocalStore(indexDir).openReader();
const result = {
  chunks: reader.counts().withVectors,
  wordsSeconds: (wordsReady - started) / 1000,
  vectorsSeconds: (ended - wordsReady) / 1000,
  wordsPeak,
  peak: peakMegabytes(),
  textBytes,
  bytes: await reader.bytes(),
};
reader.close();
console.log(JSON.stringify(result));
