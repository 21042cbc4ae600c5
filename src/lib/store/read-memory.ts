import { DoclistReader } from './doclist.js';
import { RowScores } from './row-scores.js';
import type { ShardLayout } from './shard-format.js';
import { SketchScanner } from './sketch.js';
import { VectorBuffer } from './vector-buffer.js';
import { WordTokens } from './word-tokens.js';

/** What the readers of a store share: memory that has grown once, and what was found sound. Shards never change. A search ends before the next one begins. */
export class ReadMemory {
  readonly buffer = new VectorBuffer();
  readonly scanner = new SketchScanner();
  readonly tokens = new WordTokens();
  readonly doclists = new DoclistReader();
  readonly scores = new RowScores();
  /** By folder, the layout of shards whose head and sketch have been checked. */
  readonly checked = new Map<string, ShardLayout>();
}
