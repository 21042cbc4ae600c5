import type { ShardLayout } from './shard-format.js';
import { SketchScanner } from './sketch.js';
import { VectorBuffer } from './vector-buffer.js';
import { WordTokens } from './word-tokens.js';

/** What the readers of a store share: buffers that have grown once, and what was found sound. Shards never change. */
export class ReadMemory {
  readonly buffer = new VectorBuffer();
  readonly scanner = new SketchScanner();
  readonly tokens = new WordTokens();
  /** By folder, the layout of shards whose head and sketch have been checked. */
  readonly checked = new Map<string, ShardLayout>();
}
