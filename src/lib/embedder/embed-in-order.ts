import type { EmbedBatchOptions, Embedding, EmbedOptions } from './types.js';

/**
 * Embeds any number of texts, at most `atOnce` at a time, and gives the outcomes in the texts' order, whatever `order`
 * (their indexes) they are asked for in. The first rejection is the result, and ends what was asked for beside it.
 */
export async function embedInOrder(
  texts: readonly string[],
  { atOnce, order }: { readonly atOnce: number; readonly order?: readonly number[] },
  options: EmbedBatchOptions,
  embed: (text: string, options: EmbedOptions) => Promise<Embedding>,
): Promise<Embedding[]> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const outcomes: Embedding[] = [];
  outcomes.length = texts.length;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < texts.length) {
      const index = order?.[next] ?? next;
      next++;
      const embedding = await embed(texts[index]!, { signal });
      outcomes[index] = embedding;
      // Not after the rejection: nobody expects anything any more.
      if (!stop.signal.aborted) options.onEmbedding?.(index, embedding);
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

/**
 * Indexes of texts, shortest first. For several lanes from both ends: next to a long text as much work of short ones,
 * so that the lane that takes the short ones does not come to the long ones too. Lengths that change slowly change
 * contexts seldom, and a long text beside short ones keeps the peak of memory low.
 */
export function byLength(texts: readonly string[], lanes: number): number[] {
  const ascending = [...texts.keys()].sort((one, other) => texts[one]!.length - texts[other]!.length);
  if (lanes === 1) return ascending;
  let [low, high, lowWork, highWork] = [0, ascending.length - 1, 0, 0];
  return ascending.map(() => {
    const isLow = lowWork <= highWork;
    const index = ascending[isLow ? low++ : high--]!;
    if (isLow) lowWork += texts[index]!.length;
    else highWork += texts[index]!.length;
    return index;
  });
}
