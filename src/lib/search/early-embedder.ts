import { lanesAndLeanness, type MemoryMode } from '../config.js';
import { spawnEarly } from '../embedder/early-child.js';

/** Starts the process that the next searcher's embedder will take, before the index says which model it has. */
export function startEmbedderEarly(memory: MemoryMode, lanes: number | undefined): void {
  spawnEarly(lanesAndLeanness('query', memory, lanes).lanes);
}
