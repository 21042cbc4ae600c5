import { run } from '@oclif/core/run';

/** The whole program: finds the command and runs it. `entry` is the address of the file in bin/. */
export async function main(entry: string): Promise<void> {
  try {
    await run(process.argv.slice(2), entry);
  } catch (error) {
    // Commands report their own errors; what arrives here is of oclif itself.
    const { handle } = await import('@oclif/core/handle');
    await handle(error as Error);
  }
}
