import { asUserError, EmbedSearchError } from '../errors.js';
import type { ChangedBlocks } from './changed-blocks.js';
import { metaObject } from './queries.js';
import { metaValue } from './schema.js';
import { type KeptIdentity, type Sums, sumsOf, writeSeal } from './seal.js';
import type { Sqlite } from './sqlite.js';
import type { IndexIdentity, ModelFileNote } from './types.js';

interface Parts {
  readonly indexDir: string;
  readonly database: Sqlite;
  readonly changed: ChangedBlocks;
  /** What the last seal said of the vectors. */
  readonly kept: KeptIdentity | null;
}

/** The seal as the one writer of an index keeps it: see seal.ts and docs/decisions/0018. */
export class WriterSeal {
  readonly #indexDir: string;
  readonly #database: Sqlite;
  readonly #changed: ChangedBlocks;
  #kept: KeptIdentity | null;

  constructor({ indexDir, database, changed, kept }: Parts) {
    this.#indexDir = indexDir;
    this.#database = database;
    this.#changed = changed;
    this.#kept = kept;
  }

  /** A shard was named: were the database lost from here on, its vectors are not. */
  async keep(): Promise<void> {
    this.#kept = this.#whatToKeep();
    await this.#tryToWrite(() => null);
  }

  /**
   * When the writer is done and its log is empty; for the next one to compare with. A small change does not pay for a
   * reading of all of the database.
   */
  async seal(isSmall: boolean): Promise<void> {
    const { sinceSeal } = this.#changed;
    if (sinceSeal === undefined && isSmall) return;
    this.#kept = this.#whatToKeep();
    await this.#tryToWrite(() => sumsOf(this.#indexDir, sinceSeal));
  }

  /** The next writer over all files is to make the database anew. */
  async condemn(): Promise<void> {
    await writeSeal(this.#indexDir, { sums: null, damaged: true, kept: this.#kept });
  }

  #whatToKeep(): KeptIdentity | null {
    const identity = metaObject(this.#database, 'identity') as IndexIdentity | null;
    if (identity === null) return null;
    return {
      generation: metaValue(this.#database, 'generation') as number,
      identity,
      modelFile: metaObject(this.#database, 'modelFile') as ModelFileNote | null,
      shards: this.#database.all('select folder from shards').map(([folder]) => folder as string),
    };
  }

  /** An index that could not be sealed (no space) is as good, and not looked after. */
  async #tryToWrite(sums: () => Sums | null): Promise<void> {
    try {
      await writeSeal(this.#indexDir, { sums: sums(), damaged: false, kept: this.#kept });
    } catch (error) {
      if (!(asUserError(error, '') instanceof EmbedSearchError)) throw error;
    }
  }
}
