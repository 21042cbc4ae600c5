import type { ReadBuffer } from './shard-file.js';
import { ShardFile } from './shard-file.js';
import { ShardDamagedError } from './shard-format.js';

/** Can a shard's vectors be trusted? `thorough` reads every block; else its head shows what is missing or cut off. */
export function shardIsSound(folder: string, rows: number, thorough: boolean, buffer: ReadBuffer): boolean {
  try {
    const file = ShardFile.open(folder, buffer);
    try {
      return file.layout.rows === rows && (!thorough || file.everyBlockIsSound());
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof ShardDamagedError) return false;
    throw error;
  }
}
