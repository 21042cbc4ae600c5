/**
 * Is this, as far as the bare words tell, a query that will need the usual embedder? A wrong guess costs a process
 * that ends with ours, or the time that a right one saves.
 */
export function asksForMeaning(args: readonly string[], environment: NodeJS.ProcessEnv): boolean {
  if (args[0] !== 'query') return false;
  if (environment['EMBED_SEARCH_MODE'] === 'lexical' || environment['EMBED_SEARCH_LANES'] !== undefined)
    return false;
  return !args.some((arg) => /^(-h|--help|--mode=lexical|lexical|--lanes(=.*)?)$/.test(arg));
}
