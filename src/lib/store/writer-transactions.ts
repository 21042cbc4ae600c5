import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LiveRows } from './live-rows.js';
import { clearTables, metaValue, setMetaValue } from './schema.js';
import { isDamagedWordTable, type Sqlite } from './sqlite.js';
import type { WordTables } from './word-tables.js';

interface Parts {
  readonly database: Sqlite;
  /** What is written at the end of a transaction, or forgotten with it. */
  readonly live: LiveRows;
  readonly words: WordTables;
}

/** The writer's transactions, one at a time: each that changes what a query can answer makes a new generation. */
export class WriterTransactions {
  readonly #database: Sqlite;
  readonly #live: LiveRows;
  readonly #words: WordTables;
  /** The root of a rebuild, until its first commit. */
  #rebuildOf: string | undefined;
  #working = false;
  #changed = false;

  /**
   * `rebuildOf`: everything is cleared in the transaction that the first commit ends; until then the old index answers.
   * It begins now.
   */
  constructor({ database, live, words }: Parts, rebuildOf: string | undefined) {
    this.#database = database;
    this.#live = live;
    this.#words = words;
    this.#rebuildOf = rebuildOf;
    if (rebuildOf !== undefined) this.#begin();
  }

  /** Is there a rebuild that has not committed anything yet? */
  get isRebuild(): boolean {
    return this.#rebuildOf !== undefined;
  }

  get isWorking(): boolean {
    return this.#working;
  }

  /** `work` in a transaction of its own; a throw rolls it back. */
  run<T>(work: () => T): T {
    this.#startWork();
    try {
      const result = work();
      this.#commit();
      return result;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  /** A transaction during which the event loop turns at each step: nothing else may write meanwhile. */
  async runInTurns<T>(steps: Generator<undefined, T>): Promise<T> {
    this.#startWork();
    this.#changed = true;
    try {
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) await nextTurn();
      this.#commit();
      return step.value;
    } catch (error) {
      this.#giveUp(error);
      throw error;
    }
  }

  /** `work` in the transaction that is open, or one of its own. */
  write<T>(work: () => T): T {
    return this.#working ? work() : this.run(work);
  }

  /** The same for what a query can see. */
  change<T>(work: () => T): T {
    return this.write(() => {
      this.#changed = true;
      return work();
    });
  }

  #startWork(): void {
    if (this.#working) throw new Error('a transaction within a transaction');
    if (!this.#database.inTransaction) this.#begin();
    this.#working = true;
  }

  #commit(): void {
    this.#live.write();
    this.#words.write();
    if (this.#changed) {
      const generation = metaValue(this.#database, 'generation') as number;
      setMetaValue(this.#database, 'generation', generation + 1);
    }
    // Fault point: to be committed
    this.#database.exec('commit');
    // Fault point: committed
    this.#rebuildOf = undefined;
    this.#working = false;
    this.#changed = false;
  }

  #giveUp(error: unknown): void {
    this.#working = false;
    this.#changed = false;
    this.#database.rollback();
    this.#live.discard();
    this.#words.discard();
    if (isDamagedWordTable(error)) this.#words.distrust();
    if (this.isRebuild) this.#begin();
  }

  #begin(): void {
    this.#database.exec('begin immediate');
    if (this.#rebuildOf === undefined) return;
    clearTables(this.#database);
    setMetaValue(this.#database, 'root', this.#rebuildOf);
    this.#words.noteVersion();
    // Fault point: cleared for a rebuild
  }
}
