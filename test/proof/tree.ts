import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Of one stem each, and in no file name: what a search for one must find can be counted in the texts. */
export const WORDS = (
  'river stone morning letter garden engine winter candle market bridge copper window island doctor thunder ' +
  'pepper harbor violin ladder cotton planet tunnel saddle mirror basket anchor pillow rocket silver meadow'
).split(' ');

type Random = () => number;

function sentence(random: Random, words: number): string {
  return Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]!).join(' ');
}

/** The text of a file of one to three chunks; some have a part that the embedder finds too long, or cannot take. */
export function fileText(name: string, random: Random): string {
  const paragraphs = Array.from({ length: 1 + Math.floor(random() * 3) }, () => sentence(random, 40));
  if (random() < 0.06) paragraphs.push(`${'elongated\n'.repeat(12)}${sentence(random, 5)}`);
  if (random() < 0.04) paragraphs.push(`indigestible ${sentence(random, 6)}`);
  if (name.endsWith('.md')) return paragraphs.map((text, index) => `# Part ${index}\n\n${text}\n`).join('\n');
  if (name.endsWith('.ts'))
    return paragraphs
      .map((text, index) => `export function part${index}() {\n  // ${text.replaceAll('\n', '\n  // ')}\n}\n`)
      .join('\n');
  return paragraphs.map((text) => `${text}\n`).join('\n');
}

const ENDINGS = ['txt', 'md', 'ts'];

/** About two hundred small files in twenty folders. */
export function makeTree(root: string, random: Random): void {
  for (let file = 0; file < 200; file++) {
    const name = `part-${file % 20}/${file}.${ENDINGS[file % 3]!}`;
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), fileText(name, random));
  }
}

/** New, edited, moved, copied and removed files: about a fifth of the tree. */
export function editTree(root: string, random: Random, round = 0): void {
  const at = (name: string) => path.join(root, name);
  for (let file = round; file < 200; file += 10) {
    const name = `part-${file % 20}/${file}.${ENDINGS[file % 3]!}`;
    const kind = Math.floor(random() * 4);
    if (kind === 0) rmSync(at(name), { force: true });
    else if (kind === 1) writeFileSync(at(name), fileText(name, random));
    else if (kind === 2) writeFileSync(at(`part-1/new-${round}-${file}.txt`), fileText('new.txt', random));
    else if (file % 3 === 0)
      try {
        writeFileSync(at(`part-2/copy-${round}-${file}.txt`), readFileSync(at(name)));
      } catch {
        // removed before
      }
  }
}
