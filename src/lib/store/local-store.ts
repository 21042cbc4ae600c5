import path from 'node:path';
import { databaseFile } from './database-blocks.js';
import { fileIsThere } from './file-is-there.js';
import type { ReadMemory } from './read-memory.js';
import type { VectorStore } from './types.js';

/** An index in a folder of its own: SQLite beside vectra shards. SQLite is loaded when the first one is opened. */
export function openLocalStore(indexDir: string): VectorStore {
  const folder = path.resolve(indexDir);
  let memory: ReadMemory | undefined;
  return {
    exists: () => fileIsThere(databaseFile(folder)),
    openReader: async () => {
      const [{ LocalReader }, { ReadMemory }] = await Promise.all([
        import('./local-reader.js'),
        import('./read-memory.js'),
      ]);
      return LocalReader.open(folder, (memory ??= new ReadMemory()));
    },
    openWriter: async (options) => (await import('./open-writer.js')).openWriter(folder, options),
  };
}
