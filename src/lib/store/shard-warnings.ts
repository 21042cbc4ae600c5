import { IS_MISSING } from './shard-format.js';

/** An index of a million vectors has hundreds of shards: so many are named, the rest is counted. */
const MOST_NAMED = 3;

const MENDED_BY = 'The next `embed-search index` embeds their texts again.';
const ACCESS_MENDED_BY =
  '`embed-search doctor --fix` gives its owner access again, or says what is in the way.';

/** What is wrong with the shards of one generation. */
export class ShardWarnings {
  /** By folder, until it can be opened again: a process that searches for hours may see it come back. */
  readonly #passedOver = new Map<string, { readonly why: string; readonly mendedBy: string }>();
  readonly #damagedVectors = new Set<string>();
  readonly #damagedSketch = new Set<string>();

  notePassedOver(folder: string, why: string): void {
    this.#passedOver.set(folder, { why, mendedBy: MENDED_BY });
  }

  /** `code`: of the system's error. What is in it may well be sound. */
  noteUnreadable(folder: string, code: string): void {
    this.#passedOver.set(folder, { why: `it cannot be read (${code})`, mendedBy: ACCESS_MENDED_BY });
  }

  noteOpened(folder: string): void {
    this.#passedOver.delete(folder);
  }

  noteMissing(folder: string): void {
    this.notePassedOver(folder, IS_MISSING);
  }

  /** What else may be wrong with it is for those to say who open it. */
  noteNotMissing(folder: string): void {
    if (this.#passedOver.get(folder)?.why === IS_MISSING) this.#passedOver.delete(folder);
  }

  noteDamagedVectors(folder: string): void {
    this.#damagedVectors.add(folder);
  }

  noteDamagedSketch(folder: string): void {
    this.#damagedSketch.add(folder);
  }

  /** For people. */
  get list(): string[] {
    return [
      ...few(
        [...this.#passedOver].map(
          ([folder, { why, mendedBy }]) => `Shard ${folder} was passed over: ${why}. ${mendedBy}`,
        ),
        (more) => `${more} more shards were passed over.`,
      ),
      ...few(
        [...this.#damagedVectors].map(
          (folder) => `Shard ${folder} has damaged vectors, which were passed over. ${MENDED_BY}`,
        ),
        (more) => `${more} more shards have damaged vectors.`,
      ),
      ...few(
        [...this.#damagedSketch].map(
          (folder) => `The sketch of shard ${folder} is damaged; its vectors were read one by one instead.`,
        ),
        (more) => `The sketches of ${more} more shards are damaged.`,
      ),
    ];
  }
}

function few(warnings: readonly string[], rest: (more: number) => string): readonly string[] {
  // One more is as short as to count it.
  if (warnings.length <= MOST_NAMED + 1) return warnings;
  return [...warnings.slice(0, MOST_NAMED), rest(warnings.length - MOST_NAMED)];
}
