import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import type { StoreReader } from '#dist/lib/store/types.js';

export * from './made-up.js';
export * from './rows.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'embed-search-store-'));
  folders.push(folder);
  return folder;
}

/** The texts that a vector search finds, best first. */
export async function nearestTexts(
  reader: StoreReader,
  vector: Float32Array,
  limit: number,
): Promise<string[]> {
  const hits = await reader.searchVectors(vector, { limit });
  return reader.chunks(hits.map(({ chunkId }) => chunkId)).map(({ text }) => text);
}
