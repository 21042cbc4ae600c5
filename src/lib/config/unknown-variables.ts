import { nearest } from './nearest.js';

/** Variables that are read without a flag. */
export const OTHER_VARIABLES = [
  'EMBED_SEARCH_MODELS',
  'EMBED_SEARCH_IDLE_SECONDS',
  'EMBED_SEARCH_TOKEN',
  'EMBED_SEARCH_TEST_EMBEDDER',
];

/** The variables of this program that are set, by name. */
export function ownVariables(): string[] {
  return Object.keys(process.env)
    .filter((name) => name.toUpperCase().startsWith('EMBED_SEARCH'))
    .toSorted();
}

/** Those that nothing reads, each with the one that it may have meant. */
export function unknownVariables(
  known: readonly string[],
): { readonly name: string; readonly meant: string | undefined }[] {
  return ownVariables()
    .filter((name) => !known.includes(name))
    .map((name) => ({ name, meant: nearest(name, known) }));
}
