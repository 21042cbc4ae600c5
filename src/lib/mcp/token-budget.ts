/** Of code and prose alike, a token of the models that read this is 3 to 4 characters: the careful end of it. */
const CHARACTERS_PER_TOKEN = 3.2;

/** Rough, since each client's model counts in its own way. */
export function estimatedTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}

/**
 * Which of `costs`, best first, get room: each that still fits, so that a long one leaves its room to shorter ones
 * behind it. The first always does.
 */
export function fitting(costs: readonly number[], budget: number): boolean[] {
  let left = budget;
  return costs.map((cost, index) => {
    if (cost > left && index > 0) return false;
    left -= cost;
    return true;
  });
}
