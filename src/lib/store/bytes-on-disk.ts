import fs from 'node:fs/promises';
import path from 'node:path';
import type { StoreBytes } from './types.js';

/** Sizes of the files below `indexDir`, by part. What vanishes meanwhile counts nothing. */
export async function bytesOnDisk(indexDir: string): Promise<StoreBytes> {
  let database = 0;
  let vectors = 0;
  let other = 0;
  for (const entry of await fs.readdir(indexDir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const size = (await fs.stat(file).catch(() => undefined))?.size ?? 0;
    const [top] = path.relative(indexDir, file).split(path.sep);
    if (top === 'vectors') vectors += size;
    else if (top!.startsWith('index.db')) database += size;
    else other += size;
  }
  return { database, vectors, other, total: database + vectors + other };
}
