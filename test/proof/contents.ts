import { createHash } from 'node:crypto';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import type { StoreReader } from '#dist/lib/store/types.js';
import { rowsOf } from '../store/rows.js';
import { WORDS } from './tree.js';

const ASKED = [['river'], ['stone', 'morning'], ['engine', 'copper', 'part'], ['elongated'], ['new']];

/** All that an index answers from, as lines in an order that does not depend on how it came to be: one for each chunk, its vector as a digest; problems; BM25 scores to the last bit. */
export async function contentsOf(indexDir: string): Promise<string[]> {
  const reader = await openLocalStore(indexDir).openReader();
  try {
    const lines: string[] = [];
    const places = new Map<number, string>();
    const paths = new Map<number, string>();
    for (const file of reader.files()) {
      paths.set(file.id, file.path);
      lines.push(`file ${file.path} ${file.language} ${file.size} ${file.mtimeMs} ${file.hash}`);
      for (const chunk of reader.chunksOfFile(file.id)) {
        const vector = await reader.vectorOf(chunk.id);
        const place = `${file.path}:${chunk.startLine}-${chunk.endLine} #${chunk.ordinal}`;
        places.set(chunk.id, place);
        const { symbol = '', text } = chunk;
        lines.push(
          `chunk ${place} ${symbol} ${digest(text)} ${vector === undefined ? 'no vector' : digest(vector)}`,
        );
      }
    }
    for (const { path, reason, detail, startLine, endLine } of reader.problems())
      lines.push(`problem ${path} ${reason} ${detail ?? ''} ${startLine ?? ''}-${endLine ?? ''}`);
    for (const terms of ASKED) {
      for (const { id, score } of rowsOf(reader.searchChunkWords(terms, { limit: 10_000 })))
        lines.push(`words ${terms.join(' ')} ${places.get(id)} ${score}`);
      for (const { id, score } of rowsOf(reader.searchFileWords(terms, { limit: 10_000 })))
        lines.push(`file words ${terms.join(' ')} ${paths.get(id)} ${score}`);
    }
    lines.push(`counts ${JSON.stringify(reader.counts())}`);
    return lines.sort();
  } finally {
    reader.close();
  }
}

function digest(content: string | Float32Array): string {
  const bytes =
    typeof content === 'string'
      ? content
      : new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
  return createHash('sha1').update(bytes).digest('base64');
}

/** Throws where what an index says of itself, its words and its vectors is not of one piece. */
export async function checkWhole(
  reader: StoreReader,
  vectorOf: (chunk: { path: string; language: string; text: string }) => Float32Array,
): Promise<void> {
  const holding = new Map<string, number[]>(WORDS.slice(0, 4).map((word) => [word, []]));
  let files = 0;
  let chunks = 0;
  let withVectors = 0;
  for (const file of reader.files()) {
    files++;
    for (const chunk of reader.chunksOfFile(file.id)) {
      chunks++;
      for (const [word, ids] of holding)
        if (new RegExp(`\\b${word}\\b`, 'u').test(chunk.text)) ids.push(chunk.id);
      const vector = await reader.vectorOf(chunk.id);
      if (vector === undefined) continue;
      withVectors++;
      const expected = vectorOf(chunk);
      if (!vector.every((value, index) => value === expected[index]))
        throw new Error(`the vector of ${chunk.path}:${chunk.startLine} is not that of its text`);
      if (withVectors % 20 !== 1) continue;
      const [best] = await reader.searchVectors(expected, { limit: 1 });
      if (best === undefined || Math.abs(best.score - 1) > 1e-5)
        throw new Error(`${chunk.path}:${chunk.startLine} is not found by its own vector`);
    }
  }
  const counts = JSON.stringify(reader.counts());
  const counted = JSON.stringify({ files, chunks, withVectors });
  if (counts !== counted) throw new Error(`it says ${counts} and has ${counted}`);
  for (const [word, ids] of holding) {
    const found = [...reader.searchChunkWords([word], { limit: 100_000 }).ids];
    if (found.sort((a, b) => a - b).join() !== ids.sort((a, b) => a - b).join())
      throw new Error(`${word} stands in ${ids.length} chunks and is found in ${found.length}`);
  }
  if (reader.warnings.length > 0) throw new Error(reader.warnings.join('; '));
}
