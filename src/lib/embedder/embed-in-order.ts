import type { Embedding, EmbedOptions } from './types.js';

/**
 * Embeds any number of texts, at most `atOnce` at a time, and gives the outcomes in the texts' order.
 * The first rejection is the result, and ends what was asked for beside it.
 */
export async function embedInOrder(
  texts: readonly string[],
  atOnce: number,
  options: EmbedOptions,
  embed: (text: string, options: EmbedOptions) => Promise<Embedding>,
): Promise<Embedding[]> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const outcomes: Embedding[] = [];
  outcomes.length = texts.length;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < texts.length) {
      const index = next++;
      outcomes[index] = await embed(texts[index]!, { signal });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, texts.length) }, worker));
    return outcomes;
  } catch (error) {
    stop.abort(error);
    throw error;
  }
}
