// One engine, building or asking, in a process of its own.
//
//   node bench/store-peers/child.js build|ask ENGINE DATA FOLDER COUNT
import { Corpus, readQuestions } from '../store/corpus.js';
import { peakMegabytes } from '../store/peak.js';
import { ENGINES } from './engines.js';

const QUESTIONS = 100;
const WARM_UP = 10;
const [job, name = '', data = '', folder = '', count = ''] = process.argv.slice(2);
const engine = ENGINES[name];
if (engine === undefined) throw new Error(`no engine ${name}`);
const corpus = new Corpus(data);

if (job === 'build') {
  const started = performance.now();
  await engine.build(folder, vectors(), Number(count));
  console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, peak: peakMegabytes() }));
} else {
  const search = await engine.open(folder, Number(count));
  const questions = readQuestions(data).slice(0, QUESTIONS);
  for (const { vector } of questions.slice(0, WARM_UP)) await search(vector);
  const times = [];
  const found = [];
  const before = process.cpuUsage();
  for (const { vector } of questions) {
    const from = performance.now();
    found.push(await search(vector));
    times.push(performance.now() - from);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  const processor = (user + system) / 1000 / questions.length;
  console.log(
    JSON.stringify({ p50: times[Math.floor(times.length / 2)], processor, found, peak: peakMegabytes() }),
  );
}
corpus.close();
process.exit(0);

function* vectors() {
  for (let index = 0; index < Number(count); index++) yield corpus.vector(index);
}
