import type { Embedding } from './types.js';

/**
 * Embeds any number of texts, at most `atOnce` at a time, and gives the outcomes in the texts' order.
 * The first rejection is the result; texts that were not begun by then are left alone.
 */
export async function embedInOrder(
  texts: readonly string[],
  atOnce: number,
  embed: (text: string) => Promise<Embedding>,
): Promise<Embedding[]> {
  const outcomes: Embedding[] = [];
  outcomes.length = texts.length;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < texts.length) {
      const index = next++;
      try {
        outcomes[index] = await embed(texts[index]!);
      } catch (error) {
        next = texts.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, texts.length) }, worker));
  return outcomes;
}
