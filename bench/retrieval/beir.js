// Reads a retrieval set in BEIR form and lays its documents out as files.
import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** @typedef {{id: string, text: string}} Query */

/** @returns {Promise<Query[]>} in the order of the file; a query is one line of text */
export async function readQueries(/** @type {string} */ folder) {
  const queries = [];
  for await (const { _id, text } of jsonLines(path.join(folder, 'queries.jsonl'))) {
    queries.push({ id: String(_id), text: String(text).replaceAll(/\s+/g, ' ').trim() });
  }
  return queries;
}

/** @returns {Map<string, Map<string, number>>} query -> document -> grade */
export function readJudgements(/** @type {string} */ folder) {
  const judgements = new Map();
  const [, ...rows] = readFileSync(path.join(folder, 'qrels', 'test.tsv'), 'utf8').split('\n');
  for (const row of rows) {
    const [query, document, grade] = row.trimEnd().split('\t');
    if (query === undefined || document === undefined) continue;
    if (!judgements.has(query)) judgements.set(query, new Map());
    judgements.get(query).set(document, Number(grade));
  }
  return judgements;
}

/**
 * Writes one file for each document, title and then text, and returns which file is which document.
 *
 * @param {string} folder of the set
 * @param {string} into
 * @returns {Promise<Map<string, string>>} path of the file, relative to `into` -> id of the document
 */
export async function writeDocuments(folder, into) {
  rmSync(into, { recursive: true, force: true });
  const documents = new Map();
  for await (const { _id, title, text } of jsonLines(path.join(folder, 'corpus.jsonl'))) {
    const name = fileName(String(_id));
    if (documents.has(name)) throw new Error(`Two documents would be the file ${name}`);
    documents.set(name, String(_id));
    const file = path.join(into, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, title ? `# ${title}\n\n${text}\n` : `${text}\n`);
  }
  return documents;
}

/** Whether the set brings its documents along; the commit sets name files of an npm package instead. */
export function hasDocuments(/** @type {string} */ folder) {
  return existsSync(path.join(folder, 'corpus.jsonl'));
}

/**
 * A document's id as a path that any file system takes and no indexer leaves out as hidden. Ids that are paths keep
 * them; what a path cannot hold is written in hexadecimal.
 */
export function fileName(/** @type {string} */ id) {
  const parts = id.split('/').map((part) =>
    part
      .replaceAll(/[\p{Cc}<>:"\\|?*]/gu, hexadecimal)
      .replace(/^[.]|^$/, hexadecimal)
      .replace(/^(node_modules|dist|build|target|vendor)$/, (name) => `${name}_`),
  );
  const name = parts.join('/');
  return name.endsWith('.md') ? name : `${name}.md`;
}

function hexadecimal(/** @type {string} */ text) {
  return `%${Buffer.from(text).toString('hex') || '00'}`;
}

async function* jsonLines(/** @type {string} */ file) {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line !== '') yield JSON.parse(line);
  }
}
