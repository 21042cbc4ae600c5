import { startEmbedderEarly } from '../search/early-embedder.js';
import { asksForMeaning } from './asks-for-meaning.js';

/** The whole program: finds the command and runs it. `entry` is the address of the file in bin/. */
export async function main(entry: string): Promise<void> {
  const args = process.argv.slice(2);
  // Half of a cold query is the start of the embedder's Node: it goes on while ours is still loading.
  if (asksForMeaning(args, process.env)) startEmbedderEarly();
  const { handle, run } = await import('./oclif.js');
  try {
    await run(args, entry);
  } catch (error) {
    // Commands report their own errors; what arrives here is of oclif itself.
    await handle(error as Error);
  }
}
