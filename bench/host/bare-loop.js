// The least that embedding can cost: the binding itself, contexts of one thread each, no process boundary, no index.
//
//   node bench/host/bare-loop.js MODEL BINDING_FOLDER LANES < texts.json
//
// Prints the texts a second, from the first decode to the last; loading is not counted.
import { createRequire } from 'node:module';
import path from 'node:path';
import { text } from 'node:stream/consumers';

const [modelPath, folder, lanes] = process.argv.slice(2);
const texts = JSON.parse(await text(process.stdin));
const binding = createRequire(import.meta.url)(path.join(folder, 'llama-addon.node'));
binding.markLoaded();
binding.setLogger(() => undefined);
binding.loadBackends(folder);
await binding.init();
const model = new binding.AddonModel(modelPath, { addonExports: binding, gpuLayers: 0, useMmap: true });
await model.init();
const queue = texts.map((/** @type {string} */ each) => each.normalize('NFD').replaceAll(/\p{Mn}/gu, ''));
const sequences = await Promise.all(Array.from({ length: Number(lanes) }, () => createContext(128)));
await Promise.all(sequences.map((context) => embed(context, queue[0])));
const started = performance.now();
await Promise.all(sequences.map(work));
console.log(texts.length / ((performance.now() - started) / 1000));

async function createContext(/** @type {number} */ size) {
  const options = {
    contextSize: size,
    batchSize: size,
    sequences: 1,
    flashAttention: true,
    embeddings: true,
    threads: 1,
  };
  const context = new binding.AddonContext(model, options);
  await context.init();
  return context;
}

async function work(/** @type {any} */ context) {
  for (let each = queue.pop(); each !== undefined; each = queue.pop()) await embed(context, each);
}

async function embed(/** @type {any} */ context, /** @type {string} */ each) {
  const tokens = Uint32Array.from([model.tokenBos(), ...model.tokenize(each, false), model.tokenEos()]);
  context.disposeSequence(0);
  context.initBatch(tokens.length);
  context.addToBatch(0, 0, tokens, Uint32Array.of(tokens.length - 1));
  await context.decodeBatch();
  return context.getEmbedding(tokens.length);
}
