import { FILE_IS_ALLOWED } from './filter.js';
import { columnsOf } from './list-of.js';
import { ROWS_PER_LOCATION } from './schema.js';
import type { Sqlite } from './sqlite.js';
import type { OwnerScores } from './top-scores.js';
import type { ChunkScore, SearchFilter } from './types.js';

const LOCATED = `select j.key as place, c.id from json_each(?1) j
  cross join embeddings e on e.location = j.value cross join chunks c on c.embedding_id = e.id where j.value >= 0`;
const STAGED = `select j.key as place, c.id from json_each(?1) j
  cross join chunks c on c.embedding_id = -j.value where j.value < 0`;

/** Vectors whose chunk is remembered, each in a slot that others have too: 256 kilobytes, however many there are. */
const SLOTS = 16_384;
/** Shards of up to so many rows are side by side in the slots. */
const SLOTS_OF_SHARD = 2_048;
const NONE = -1;

/**
 * Which chunks have a vector, in one generation. Searches meet many vectors again, and most are those of one chunk, which is
 * remembered: to look up the chunks of 300 vectors is a twentieth of a search.
 */
export class VectorOwners {
  readonly #database: Sqlite;
  // Made when the first one is remembered: most readers never search.
  #locations = new Float64Array(0);
  #chunkIds = new Float64Array(0);

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /**
   * The chunks that the filter lets through, in no order, of vectors (a location, or minus the id of a staged one) each of
   * which it lets through for at least one chunk.
   */
  chunksOf({ owners, scores }: OwnerScores, filter: SearchFilter | undefined): ChunkScore[] {
    const chunks: ChunkScore[] = [];
    const unknown = { owners: [] as number[], scores: [] as number[] };
    for (let index = 0; index < owners.length; index++) {
      const owner = owners[index]!;
      const slot = slotOf(owner);
      if (owner >= 0 && this.#locations[slot] === owner)
        chunks.push({ chunkId: this.#chunkIds[slot]!, score: scores[index]! });
      else {
        unknown.owners.push(owner);
        unknown.scores.push(scores[index]!);
      }
    }
    if (unknown.owners.length > 0) this.#lookUp(unknown, filter, chunks);
    return chunks;
  }

  #lookUp({ owners, scores }: OwnerScores, filter: SearchFilter | undefined, chunks: ChunkScore[]): void {
    const accepted = filter === undefined ? '' : ` and ${FILE_IS_ALLOWED}`;
    const staged = owners.some((owner) => owner < 0) ? ` union all ${STAGED}${accepted}` : '';
    const [places, chunkIds] = columnsOf(
      this.#database,
      `select json_group_array(place), json_group_array(id) from (${LOCATED}${accepted}${staged})`,
      JSON.stringify(owners),
    ) as [places: number[], chunkIds: number[]];
    const counts = new Uint32Array(owners.length);
    for (let index = 0; index < places.length; index++) {
      const place = places[index]!;
      counts[place]!++;
      chunks.push({ chunkId: chunkIds[index]!, score: scores[place]! });
    }
    if (filter !== undefined) return; // of other chunks with the same vector nothing is known
    for (let index = 0; index < places.length; index++) {
      const place = places[index]!;
      if (counts[place] === 1) this.#remember(owners[place]!, chunkIds[index]!);
    }
  }

  #remember(owner: number, chunkId: number): void {
    if (owner < 0) return;
    if (this.#locations.length === 0) {
      this.#locations = new Float64Array(SLOTS).fill(NONE);
      this.#chunkIds = new Float64Array(SLOTS);
    }
    const slot = slotOf(owner);
    this.#locations[slot] = owner;
    this.#chunkIds[slot] = chunkId;
  }
}

function slotOf(location: number): number {
  const row = location % ROWS_PER_LOCATION;
  return (((location - row) / ROWS_PER_LOCATION) * SLOTS_OF_SHARD + row) % SLOTS;
}
