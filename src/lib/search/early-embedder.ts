import { lanesAndLeanness } from '../config.js';
import { spawnEarly } from '../embedder/early-child.js';

/** Starts the process that the next searcher's embedder takes if it has the usual number of lanes. */
export function startEmbedderEarly(): void {
  spawnEarly(lanesAndLeanness('query', 'auto', undefined).lanes);
}
