/**
 * A context keeps vocabulary x 4 bytes for each token that it decodes at once: 39 MB for 64 tokens of a vocabulary of
 * 152,000. Where only the last token's state counts, a text goes in slices, and the cache carries what was read.
 */
const SLICE_TOKENS = 128;
const LEAN_SLICE_TOKENS = 32;

/** Tokens that are decoded at once; null where a text has to go whole, because all of its tokens count or see each other. */
export function sliceTokens(
  { isCausal, pooling }: { readonly isCausal?: boolean; readonly pooling: string },
  lean: boolean,
): number | null {
  if (isCausal !== true || pooling !== 'last') return null;
  return lean ? LEAN_SLICE_TOKENS : SLICE_TOKENS;
}
