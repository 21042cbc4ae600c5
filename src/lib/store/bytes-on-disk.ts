import fs from 'node:fs/promises';
import path from 'node:path';
import type { StoreBytes } from './types.js';

/** Sizes of the files below `indexDir`, by part. What a writer removes meanwhile counts nothing. */
export async function bytesOnDisk(indexDir: string): Promise<StoreBytes> {
  let database = 0;
  let other = 0;
  for (const name of await fs.readdir(indexDir)) {
    if (name.startsWith('index.db')) database += await fileBytes(path.join(indexDir, name));
    else if (name !== 'vectors') other += await fileBytes(path.join(indexDir, name));
  }
  let vectors = 0;
  for (const shard of await names(path.join(indexDir, 'vectors'))) {
    const folder = path.join(indexDir, 'vectors', shard);
    for (const name of await names(folder)) vectors += await fileBytes(path.join(folder, name));
  }
  return { database, vectors, other, total: database + vectors + other };
}

async function names(folder: string): Promise<string[]> {
  return fs.readdir(folder).catch(() => []);
}

async function fileBytes(file: string): Promise<number> {
  return (await fs.stat(file).catch(() => undefined))?.size ?? 0;
}
