// The inner loop of the sketch scan. See docs/decisions/0013.
import {
  accessTo,
  add,
  againIf,
  type Code,
  instantiate,
  loadVector,
  loop,
  small,
  TYPES,
  when,
} from './wasm.js';

const PLANES = 4;
/** Of each 16 bytes of a sketch: the query's signs, then the bits of its lengths, highest first. */
export const QUERY_BLOCK_BYTES = 16 * (1 + PLANES);

const AND: Code = [0x71];
const SHIFT_RIGHT: Code = [0x76];
const IS_GREATER: Code = [0x4a];
const IS_LESS: Code = [0x49];
const LOAD_BYTE: Code = [0x2d, 0, 0];
const ALL_ZERO: Code = [0xfd, 0x0c, ...Array.from({ length: 16 }, () => 0)];
const XOR_VECTORS: Code = [0xfd, 0x51];
const AND_VECTORS: Code = [0xfd, 0x4e];
const COUNT_BITS_OF_BYTES: Code = [0xfd, 0x62];
const ADD_BYTES: Code = [0xfd, 0x6e];
const ADD_PAIRS_OF_BYTES: Code = [0xfd, 0x7d];
const ADD_HALVES: Code = [0xfd, 0x8e, 0x01];
const ADD_PAIRS_OF_HALVES: Code = [0xfd, 0x7f];
const LANE: Code = [0xfd, 0x1b];

// Parameters, then locals, in the order in which the function has them.
const PARAMETERS = ['rows', 'rowBytes', 'blocks', 'threshold', 'sketch', 'allowed', 'query', 'out'] as const;
const NUMBERS = ['row', 'found', 'block', 'rowAt', 'queryAt', 'score'] as const;
const VECTORS = ['sum', 'same', 'bits'] as const;
type Variable = (typeof PARAMETERS)[number] | (typeof NUMBERS)[number] | (typeof VECTORS)[number];
const { get, set, increase } = accessTo<Variable>([...PARAMETERS, ...NUMBERS, ...VECTORS]);
const store = (at: Code, offset: number, value: Code): Code => [...at, ...value, 0x36, 2, offset];

/** How many bits of each byte of `same` lie in a plane of the query. */
const bitsInPlane = (plane: number): Code => [
  ...get('same'),
  ...loadVector(get('queryAt'), 16 * (1 + plane)),
  ...AND_VECTORS,
  ...COUNT_BITS_OF_BYTES,
];

/** bitmap[row >> 3] >> (row & 7) & 1 */
const isAllowed: Code = [
  ...add(get('allowed'), [...get('row'), ...small(3), ...SHIFT_RIGHT]),
  ...LOAD_BYTE,
  ...get('row'),
  ...small(7),
  ...AND,
  ...SHIFT_RIGHT,
  ...small(1),
  ...AND,
];

const scoreBlock: Code = [
  // Where the row's sign is the query's: its signs come inverted.
  ...set('same', loadVector(get('rowAt'), 0), loadVector(get('queryAt'), 0), XOR_VECTORS),
  ...set('bits', bitsInPlane(0)),
  // Twice what the higher planes gave, and this one: at most 8 x 15, which a byte holds.
  ...[1, 2, 3].flatMap((plane) =>
    set('bits', get('bits'), get('bits'), ADD_BYTES, bitsInPlane(plane), ADD_BYTES),
  ),
  ...set('sum', get('sum'), get('bits'), ADD_PAIRS_OF_BYTES, ADD_HALVES),
  ...increase('rowAt', small(16)),
  ...increase('queryAt', add(small(QUERY_BLOCK_BYTES / 2), small(QUERY_BLOCK_BYTES / 2))),
  ...increase('block', small(-1)),
];

const lane = (index: number): Code => [...get('sum'), ...LANE, index];

const BODY: Code = [
  ...loop(
    when(
      isAllowed,
      set('sum', ALL_ZERO),
      set('rowAt', get('sketch')),
      set('queryAt', get('query')),
      set('block', get('blocks')),
      loop(scoreBlock, againIf(get('block'))),
      set('sum', get('sum'), ADD_PAIRS_OF_HALVES),
      set('score', add(add(lane(0), lane(1)), add(lane(2), lane(3)))),
      when(
        [...get('score'), ...get('threshold'), ...IS_GREATER],
        store(get('out'), 0, get('score')),
        store(get('out'), 4, get('row')),
        increase('out', small(8)),
        increase('found', small(1)),
      ),
    ),
    increase('sketch', get('rowBytes')),
    increase('row', small(1)),
    againIf([...get('row'), ...get('rows'), ...IS_LESS]),
  ),
  ...get('found'),
];

/**
 * Scores `rows` rows of a sketch and writes score and number (i32, i32) of each one that is allowed and above the
 * threshold to `out`; returns how many. All but the numbers are addresses. Reads up to 15 bytes past the last row.
 */
export type ScanRows = (
  rows: number,
  rowBytes: number,
  blocks: number,
  threshold: number,
  sketch: number,
  allowed: number,
  query: number,
  out: number,
) => number;

/** Undefined where there can be none. */
export function makeKernel(bytes: number): { scan: ScanRows; memory: ArrayBuffer } | undefined {
  const made = instantiate(
    { parameters: PARAMETERS, numbers: NUMBERS, vectors: VECTORS, result: TYPES.i32, body: BODY },
    bytes,
  );
  return made && { scan: made.run as ScanRows, memory: made.memory };
}
