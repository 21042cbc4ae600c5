import path from 'node:path';
import { openLocalStore } from '#dist/lib/store/local-store.js';

/** All that an index answers from, in an order that does not depend on how it came to be. */
export async function contents(folder: string): Promise<unknown[]> {
  const reader = await openLocalStore(path.join(folder, '.embed-search')).openReader();
  try {
    const rows: unknown[] = [];
    for (const file of [...reader.files()].sort((a, b) => (a.path < b.path ? -1 : 1))) {
      for (const chunk of reader.chunksOfFile(file.id)) {
        const vector = await reader.vectorOf(chunk.id);
        const { path: name, startLine, endLine, text, symbol, language } = chunk;
        rows.push({
          name,
          startLine,
          endLine,
          text,
          symbol,
          language,
          hash: file.hash,
          vector: vector && [...vector],
        });
      }
    }
    return rows;
  } finally {
    reader.close();
  }
}
