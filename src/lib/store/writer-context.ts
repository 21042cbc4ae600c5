import type { ChangedBlocks } from './changed-blocks.js';
import type { LiveRows } from './live-rows.js';
import type { Sqlite } from './sqlite.js';
import type { WordTables } from './word-tables.js';

/** What the writer's jobs work on; `write` runs its work in a transaction, or in the one that is open. */
export interface WriterContext {
  readonly database: Sqlite;
  readonly vectorsDir: string;
  readonly live: LiveRows;
  readonly words: WordTables;
  readonly changed: ChangedBlocks;
  readonly write: <T>(work: () => T) => T;
  /** A shard was named: what is known without the database has to name it too. */
  readonly onPublished: () => Promise<void>;
}

/** A digest as SQLite keeps it, half the size of its hex. */
export function bytesOfHex(hex: string): Buffer {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length === 0 || bytes.length * 2 !== hex.length) throw new Error(`not a digest in hex: ${hex}`);
  return bytes;
}
