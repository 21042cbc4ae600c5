import { spawnEarly } from '../embedder/early-child.js';

/** What a query takes unless --lanes says otherwise. */
const USUAL_QUERY_LANES = 1;

/** Starts the process that the next searcher's embedder takes if it has the usual number of lanes. */
export function startEmbedderEarly(): void {
  spawnEarly(USUAL_QUERY_LANES);
}
