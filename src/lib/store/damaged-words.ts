import { EmbedSearchError } from '../errors.js';
import { MENDED_BY } from './seal.js';

/** FTS5's tables are not as FTS5 writes them. */
export function damagedWords(): EmbedSearchError {
  return new EmbedSearchError('INDEX_DAMAGED', 'The words of the index are damaged.', { fix: MENDED_BY });
}
