// Folders of real text, made the same way each time from this repository's sources and those of its dependencies.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TEXT = /\.(c|cc|cpp|css|cjs|cts|d\.ts|gyp|h|hpp|html|js|json|md|mjs|mts|py|sh|ts|txt|yml)$/;
const LARGEST = 48 * 1024;

/** Source files of the repository first, then of its dependencies, in the order of their paths. */
export function* sourceFiles() {
  for (const folder of ['src', 'test', 'scripts', 'bench', 'docs', 'node_modules'])
    yield* walk(path.join(ROOT, folder));
}

/** @returns {Generator<string>} */
function* walk(/** @type {string} */ folder) {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith('.') || entry.name === 'results') continue;
    if (entry.isDirectory()) yield* walk(file);
    else if (entry.isFile() && TEXT.test(entry.name) && isReal(file)) yield file;
  }
}

/** Not empty, not large, and written by people: the average line is not longer than a person's. */
function isReal(/** @type {string} */ file) {
  const { size } = statSync(file);
  if (size < 200 || size > LARGEST) return false;
  const lines = readFileSync(file, 'latin1').split('\n').length;
  return size / lines < 200;
}

/**
 * Copies source files into an empty folder until there are enough of them, spread over folders of their packages.
 *
 * @param {string} into
 * @param {{files?: number, bytes?: number}} enough
 * @returns {{files: number, bytes: number}} what there is
 */
export function makeRealFolder(into, enough) {
  rmSync(into, { recursive: true, force: true });
  let files = 0;
  let bytes = 0;
  for (const file of sourceFiles()) {
    if (files >= (enough.files ?? Infinity) || bytes >= (enough.bytes ?? Infinity)) break;
    // No folder may be called node_modules: it would be left out.
    const to = path.join(into, path.relative(ROOT, file).replaceAll('node_modules', 'packages'));
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(file, to);
    files += 1;
    bytes += statSync(file).size;
  }
  return { files, bytes };
}

/**
 * Writes files of one paragraph each, of about `tokens` tokens of real prose, and returns their texts.
 *
 * @param {string} into
 * @param {{files: number, tokens: number, countTokens: (text: string) => number}} options
 */
export function makeParagraphs(into, { files, tokens, countTokens }) {
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  const texts = [];
  for (const words of paragraphs(tokens, countTokens)) {
    if (texts.length === files) break;
    texts.push(words);
    writeFileSync(path.join(into, `${String(texts.length).padStart(5, '0')}.txt`), `${words}\n`);
  }
  if (texts.length < files) throw new Error(`There is prose for ${texts.length} paragraphs only`);
  return texts;
}

/** @returns {Generator<string>} */
function* paragraphs(/** @type {number} */ tokens, /** @type {(text: string) => number} */ countTokens) {
  let words = [];
  let length = 0;
  const seen = new Set();
  for (const file of walk(path.join(ROOT, 'node_modules'))) {
    if (!/\.(md|d\.ts)$/.test(file)) continue;
    for (const word of readFileSync(file, 'utf8').split(/\s+/)) {
      const more = countTokens(word);
      if (more === 0 || more > 20) continue;
      if (length + more > tokens) {
        const text = words.join(' ');
        if (!seen.has(text)) yield text;
        seen.add(text);
        words = [];
        length = 0;
      }
      words.push(word);
      length += more;
    }
  }
}
