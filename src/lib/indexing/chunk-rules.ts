import type { KnownFiles } from '../store/types.js';

/**
 * To be counted up with any change to where a text is cut, or to what of a chunk is embedded: then the next look at all files cuts
 * each of them anew. Only what is embedded otherwise than before is embedded again.
 */
export const CHUNK_RULES = '2';

/** Of indexes that were made before any were noted. */
const FIRST_RULES = '1';

/** Also where a run that was to change that has not come to its end. An index without files counts as one of the first. */
export function isCutByOtherRules({ chunkRules }: Pick<KnownFiles, 'chunkRules'>): boolean {
  return (chunkRules ?? FIRST_RULES) !== CHUNK_RULES;
}

/** Said by the run that does it. */
export const CUT_ANEW =
  'This version cuts files in another way: all are cut into chunks anew, and what is embedded otherwise than before is embedded again.';
