// A smaller set in BEIR form, where embedding all of one takes too long: its questions, every document that is judged
// and a share of the others by the SHA-256 of their ids. What is found in fewer documents is found more often, so its
// figures compare with each other and not with those of the whole set. Writes the documents as files beside it.
//
//   node bench/retrieval/part-of-set.js SET INTO [ONE_IN]      one in so many of the documents that are not judged: 5
import { createHash } from 'node:crypto';
import { cpSync, createReadStream, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { readEvaluationSet } from '../../dist/lib/evaluation/read-set.js';
import { writeDocuments } from './beir.js';

const [, , set, into, oneIn = '5'] = process.argv;
if (set === undefined || into === undefined)
  throw new Error('Name a set in BEIR form and a folder to write.');

const { judgements } = await readEvaluationSet(set);
const judged = new Set([...judgements.values()].flatMap((ofQuery) => [...ofQuery.keys()]));
const kept = [];
let all = 0;
const lines = createInterface({
  input: createReadStream(path.join(set, 'corpus.jsonl')),
  crlfDelay: Infinity,
});
for await (const line of lines) {
  if (line === '') continue;
  all++;
  const { _id } = JSON.parse(line);
  const id = String(_id);
  if (judged.has(id) || isChosen(id)) kept.push(`${line}\n`);
}
mkdirSync(into, { recursive: true });
for (const part of ['queries.jsonl', 'qrels'])
  cpSync(path.join(set, part), path.join(into, part), { recursive: true });
writeFileSync(path.join(into, 'corpus.jsonl'), kept.join(''));
await writeDocuments(into, path.join(into, 'documents'));
console.log(`${kept.length} of ${all} documents, ${judged.size} of them judged: ${into}`);

function isChosen(/** @type {string} */ id) {
  return createHash('sha256').update(id).digest().readUInt32BE() % Number(oneIn) === 0;
}
