import { existsSync } from 'node:fs';
import path from 'node:path';
import type { VectorStore } from './types.js';

/** An index in a folder of its own: SQLite beside vectra shards. SQLite is loaded when the first one is opened. */
export function openLocalStore(indexDir: string): VectorStore {
  const folder = path.resolve(indexDir);
  return {
    exists: () => existsSync(path.join(folder, 'index.db')),
    openReader: async () => new (await import('./local-reader.js')).LocalReader(folder),
    openWriter: async (options) => (await import('./open-writer.js')).openWriter(folder, options),
  };
}
