import fs from 'node:fs';
import path from 'node:path';
import { countBits, setBits } from './bitmap.js';
import { FILE_IS_ALLOWED, type FileFilter } from './filter.js';
import { ROWS_PER_LOCATION } from './schema.js';
import { type Rows, type RowVisit, ShardFile } from './shard-file.js';
import type { ReadMemory } from './read-memory.js';
import { SHARD_FILE, ShardDamagedError, sketchRowBytes } from './shard-format.js';
import { ShardWarnings } from './shard-warnings.js';
import { Candidates } from './sketch.js';
import type { Sqlite } from './sqlite.js';
import { TopScores } from './top-scores.js';
import type { ChunkScore, SearchFilter, VectorSearchOptions } from './types.js';
import { dot } from './vector-buffer.js';
import { VectorOwners } from './vector-owners.js';

/** Up to this many vectors an exact scan is as quick as two stages (some .8 ms for each 1,000 of 384 dimensions). */
const EXACT_BELOW = 3000;
/** Of n vectors so many candidates, times n to this power, hold 98 to 99 of 100 of the ten nearest: see docs/decisions/0013. */
const CANDIDATES = 4.75;
const CANDIDATES_POWER = 0.45;
/** As many as hits are wanted would leave the last of these to chance: what it scores is the lower end of a scale. */
const CANDIDATES_PER_HIT = 1.3;

/** A search reads a shard twice; so many stay open in between, half of what a process may usually open. */
const MOST_OPEN = 512;

interface Shard {
  readonly id: number;
  readonly folder: string;
  readonly path: string;
  readonly rows: number;
  readonly live: Buffer;
}

/** Of a shard, as a bitmap. */
interface AllowedRows {
  readonly shard: Shard;
  readonly bitmap: Uint8Array;
  readonly count: number;
}

/** How rows are scored; the query is in the buffer that they are read into. */
interface Scoring {
  readonly norm: number;
  readonly top: TopScores;
}

interface ShardScoring extends Scoring {
  /** Of the shard's first row. */
  readonly location: number;
}

/** The two stages over one generation's shards, and its staged vectors, which are few and always scored. */
export class VectorSearch {
  readonly #database: Sqlite;
  readonly #vectorsDir: string;
  readonly #filter: FileFilter;
  readonly #memory: ReadMemory;
  readonly #warnings = new ShardWarnings();
  readonly #owners: VectorOwners;
  readonly #open = new Map<Shard, ShardFile>();
  /** How often a shard or some of its vectors had to be passed over. */
  #failures = 0;
  #catalogue: Shard[] | undefined;
  #hasStaged: boolean | undefined;
  #allRows: readonly AllowedRows[] | undefined;
  #scored: ShardScoring | undefined;
  /** One for all searches: V8 forgets what it has optimized of a function that does not outlive the query. */
  readonly #score: RowVisit = (row, _floats, start, rowNorm) => {
    const { norm, top, location } = this.#scored!;
    top.offer(this.#memory.buffer.dotAt(start) / (norm * rowNorm), location + row);
  };

  constructor(database: Sqlite, vectorsDir: string, filter: FileFilter, memory: ReadMemory) {
    this.#database = database;
    this.#vectorsDir = vectorsDir;
    this.#filter = filter;
    this.#memory = memory;
    this.#owners = new VectorOwners(database);
  }

  get warnings(): readonly string[] {
    return this.#warnings.list;
  }

  search(query: Float32Array, options: VectorSearchOptions): ChunkScore[] {
    const norm = this.#memory.buffer.setQuery(query);
    if (norm === 0 || options.limit <= 0) return [];
    const allowed = this.#allowedRows(options.filter);
    const failuresBefore = this.#failures;
    const top = new TopScores(options.limit);
    const scoring = { norm, top };
    const total = allowed.reduce((sum, { count }) => sum + count, 0);
    const wanted = Math.ceil(
      Math.max(CANDIDATES * total ** CANDIDATES_POWER, CANDIDATES_PER_HIT * options.limit),
    );
    try {
      if (options.exact === true || total <= Math.max(EXACT_BELOW, wanted))
        for (const { shard, bitmap } of allowed) this.#scoreRows(shard, setBits(bitmap, shard.rows), scoring);
      else this.#scoreCandidates(query, wanted, allowed, scoring);
    } finally {
      this.#closeShards();
    }
    if (this.#failures > failuresBefore) options.onUnreadable?.();
    this.#scoreStaged(query, norm, options, top);
    return this.#owners.chunksOf(top, options.filter).sort(byScore).slice(0, options.limit);
  }

  /** The vector at a location, or undefined when its block is damaged (which is then among the warnings). */
  vectorAt(location: number, onUnreadable?: () => void): Float32Array | undefined {
    const shard = this.#shards().find(
      (candidate) => candidate.id === Math.floor(location / ROWS_PER_LOCATION),
    );
    if (shard === undefined) return undefined;
    let vector: Float32Array | undefined;
    try {
      this.#withShard(shard, (file) => {
        this.#warnOfRows(
          shard,
          file.readRows([location % ROWS_PER_LOCATION], (_row, floats, start) => {
            vector = floats.slice(start, start + file.layout.dimensions);
          }),
        );
      });
    } finally {
      this.#closeShards();
    }
    if (vector === undefined) onUnreadable?.();
    return vector;
  }

  /** How many shards are not where they should be; each is among the warnings. One look a shard, nothing is read. */
  missingShards(): number {
    let missing = 0;
    for (const { folder, path: place } of this.#shards()) {
      if (isMissing(path.join(place, SHARD_FILE))) {
        missing++;
        this.#warnings.noteMissing(folder);
      } else this.#warnings.noteNotMissing(folder);
    }
    return missing;
  }

  #shards(): Shard[] {
    if (this.#catalogue !== undefined) return this.#catalogue;
    this.#catalogue = this.#database
      .all('select id, folder, rows, live from shards order by id')
      .map(([id, folder, rows, live]) => {
        const where = path.join(this.#vectorsDir, folder as string);
        return { id, folder, path: where, rows, live } as Shard;
      });
    const { checked } = this.#memory;
    const named = new Set(this.#catalogue.map(({ folder }) => folder));
    for (const folder of checked.keys()) if (!named.has(folder)) checked.delete(folder);
    return this.#catalogue;
  }

  /** Which rows may be among the hits: those of chunks that exist and that the filter accepts. */
  #allowedRows(filter: SearchFilter | undefined): readonly AllowedRows[] {
    const shards = this.#shards();
    if (filter === undefined)
      return (this.#allRows ??= shards
        .map((shard) => ({ shard, bitmap: shard.live, count: countBits(shard.live) }))
        .filter(hasRows));
    const filtered = this.#filter.rowBitmaps(filter, new Map(shards.map(({ id, rows }) => [id, rows])));
    return shards
      .map((shard) => {
        const bitmap = filtered.get(shard.id) ?? Buffer.alloc(0);
        return { shard, bitmap, count: countBits(bitmap) };
      })
      .filter(hasRows);
  }

  // Each step is a function of its own, and none a generator: V8's compiler takes less for its largest job (decision 32).

  /** The two stages: the best of all sketches, then of these the vectors. */
  #scoreCandidates(
    query: Float32Array,
    wanted: number,
    allowed: readonly AllowedRows[],
    scoring: Scoring,
  ): void {
    const { scanner } = this.#memory;
    const mostRows = allowed.reduce((most, { shard }) => Math.max(most, shard.rows), 0);
    const candidates = new Candidates(wanted, scanner.prepare(query, sketchRowBytes(query.length), mostRows));
    for (const { shard, bitmap } of allowed) {
      if (this.#scanSketch(shard, bitmap, candidates)) continue;
      // Its vectors have checksums of their own: without its sketch every one of them is a candidate.
      this.#warnings.noteDamagedSketch(shard.folder);
      this.#scoreRows(shard, setBits(bitmap, shard.rows), scoring);
    }
    const locations = candidates.locations();
    let first = 0;
    for (const { shard } of allowed) {
      const rows = rowsWithin(locations, first, shard.id);
      if (rows.length > 0) this.#scoreRows(shard, rows, scoring);
      first += rows.length;
    }
  }

  /** False where its sketch cannot be read. */
  #scanSketch(shard: Shard, bitmap: Uint8Array, candidates: Candidates): boolean {
    const { scanner, checked } = this.#memory;
    let isScanned = false;
    this.#withShard(shard, (file) => {
      if (!file.readSketch(scanner.sketch(shard.rows), !checked.has(shard.folder))) return;
      checked.set(shard.folder, file.layout);
      scanner.scan(shard.rows, bitmap, shard.id * ROWS_PER_LOCATION, candidates);
      isScanned = true;
    });
    return isScanned;
  }

  #scoreRows(shard: Shard, rows: Rows, { norm, top }: Scoring): void {
    this.#scored = { norm, top, location: shard.id * ROWS_PER_LOCATION };
    this.#withShard(shard, (file) => this.#warnOfRows(shard, file.readRows(rows, this.#score)));
  }

  /** The shard may stay open for the search's second stage: whoever calls this ends with `#closeShards`. */
  #withShard(shard: Shard, work: (file: ShardFile) => void): void {
    try {
      const open = this.#open.get(shard);
      if (open !== undefined) return work(open);
      const file = this.#openShard(shard);
      this.#warnings.noteOpened(shard.folder);
      const staysOpen = this.#open.size < MOST_OPEN;
      if (staysOpen) this.#open.set(shard, file);
      try {
        work(file);
      } finally {
        if (!staysOpen) file.close();
      }
    } catch (error) {
      this.#notePassedOver(shard, error);
      this.#failures++;
    }
  }

  /** Throws what says nothing about this shard. */
  #notePassedOver({ folder }: Shard, error: unknown): void {
    if (error instanceof ShardDamagedError) return this.#warnings.notePassedOver(folder, error.message);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !OF_ONE_FILE.has(code)) throw error;
    this.#warnings.noteUnreadable(folder, code);
  }

  #openShard(shard: Shard): ShardFile {
    try {
      return openShard(shard, this.#memory);
    } catch (error) {
      const isTooMany = ['EMFILE', 'ENFILE'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!isTooMany || this.#open.size === 0) throw error;
      this.#closeShards();
      return openShard(shard, this.#memory);
    }
  }

  #closeShards(): void {
    const files = [...this.#open.values()];
    this.#open.clear(); // first: whatever becomes of it, a descriptor that was closed is another file's
    for (const file of files) file.close();
  }

  #warnOfRows(shard: Shard, damaged: readonly number[]): void {
    if (damaged.length === 0) return;
    this.#failures++;
    this.#warnings.noteDamagedVectors(shard.folder);
  }

  #scoreStaged(query: Float32Array, norm: number, options: VectorSearchOptions, top: TopScores): void {
    this.#hasStaged ??= this.#database.get('select exists (select 1 from staged)')![0] === 1;
    if (!this.#hasStaged) return;
    const accepted =
      options.filter === undefined
        ? 'e.uses > 0'
        : `exists (select 1 from chunks c where c.embedding_id = e.id and ${FILE_IS_ALLOWED})`;
    const staged = this.#database.all(
      `select s.embedding_id, s.vector from staged s cross join embeddings e on e.id = s.embedding_id where ${accepted}`,
    );
    for (const [id, blob] of staged) {
      const vector = vectorOfBlob(blob as Buffer);
      top.offer(dot(query, vector, 0) / (norm * Math.sqrt(dot(vector, vector, 0))), -(id as number));
    }
  }
}

function hasRows({ count }: AllowedRows): boolean {
  return count > 0;
}

function byScore(one: ChunkScore, other: ChunkScore): number {
  return one.score === other.score ? one.chunkId - other.chunkId : one.score > other.score ? -1 : 1;
}

function openShard(shard: Shard, { buffer, checked }: ReadMemory): ShardFile {
  const file = ShardFile.open(shard.path, buffer, checked.get(shard.folder));
  const { rows } = file.layout;
  if (rows === shard.rows) return file;
  file.close();
  throw new ShardDamagedError(`it has ${rows} rows instead of ${shard.rows}`);
}

/** Errors of the system that are about one file: not that too many are open, which is about this process. */
const OF_ONE_FILE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EIO', 'ESTALE']);

/** What may not be looked at is there: reading it says what is wrong. */
function isMissing(file: string): boolean {
  try {
    return fs.statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch {
    return false;
  }
}

export function vectorOfBlob(blob: Buffer): Float32Array {
  const vector = new Float32Array(blob.length / 4);
  new Uint8Array(vector.buffer).set(blob);
  return vector;
}

/** Of locations, ascending, those from `first` on that are in a shard, as its rows; none of them is of a shard before it. */
function rowsWithin(locations: Float64Array, first: number, shard: number): Float64Array {
  const start = shard * ROWS_PER_LOCATION;
  let end = first;
  while (end < locations.length && locations[end]! < start + ROWS_PER_LOCATION) end++;
  const rows = locations.slice(first, end);
  for (let index = 0; index < rows.length; index++) rows[index]! -= start;
  return rows;
}
