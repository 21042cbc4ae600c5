// Reads a JSON array of texts on stdin, writes the number of tokens of each, counted by llama.cpp itself. A program of
// its own because no test may load native model code into a host.
import { text } from 'node:stream/consumers';
import { getLlama } from 'node-llama-cpp';

const llama = await getLlama({ build: 'never', gpu: false, logLevel: 'disabled' });
const model = await llama.loadModel({ modelPath: process.argv[2], vocabOnly: true });
const counts = JSON.parse(await text(process.stdin)).map(
  (each) => model.tokenize(each.normalize('NFD').replace(/\p{Mn}/gu, ''), false).length,
);
process.stdout.write(JSON.stringify(counts));
await llama.dispose();
