// Lays the documents of a retrieval set in BEIR form out as files.
import { createReadStream, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

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
