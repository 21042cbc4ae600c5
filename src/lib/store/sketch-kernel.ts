// The inner loop of the sketch scan, for 16 rows at a time. See docs/decisions/0013.
import {
  accessTo,
  add,
  againIf,
  and,
  type Code,
  instantiate,
  loadVector,
  loop,
  number,
  storeVector,
  TYPES,
  when,
} from './wasm.js';

/** A row is looked at by so many bytes at a time, and so many rows together. */
export const BLOCK_BYTES = 16;
export const GROUP_ROWS = 16;
/** For each byte of a row: what each value of its lower four bits adds, and of its higher ones. */
export const TABLE_BYTES = 32;
/** Sums are of 16 bits, and so is the least that is asked for, one more than a score. */
export const HIGHEST_SCORE = 65_535 - 1;

const MULTIPLY: Code = [0x6c];
const SUBTRACT: Code = [0x6b];
const SHIFT_LEFT: Code = [0x74];
const SHIFT_RIGHT: Code = [0x76];
const IS_LESS: Code = [0x49];
const LOWEST_BIT: Code = [0x68];
const LOAD_HALF: Code = [0x2f, 0, 0];
const SHUFFLE: Code = [0xfd, 0x0d];
const LOOK_UP: Code = [0xfd, 0x0e];
const HALF_EVERYWHERE: Code = [0xfd, 0x10];
const AND_VECTORS: Code = [0xfd, 0x4e];
const SHIFT_HALVES_RIGHT: Code = [0xfd, 0x8d, 0x01];
const ADD_BYTES: Code = [0xfd, 0x6e];
const ADD_HALVES: Code = [0xfd, 0x8e, 0x01];
const LOWER_BYTES_AS_HALVES: Code = [0xfd, 0x89, 0x01];
const HIGHER_BYTES_AS_HALVES: Code = [0xfd, 0x8a, 0x01];
const ARE_HALVES_AT_LEAST: Code = [0xfd, 0x36];
const HALVES_AS_BYTES: Code = [0xfd, 0x65];
const HIGHEST_BITS: Code = [0xfd, 0x64];

const lanes = (of: (lane: number) => number): number[] => Array.from({ length: 16 }, (_, lane) => of(lane));
const vector = (of: (lane: number) => number): Code => [0xfd, 0x0c, ...lanes(of)];
/** The lower, or the higher, halves of two vectors, byte by byte in turns. */
const interleave = (first: 0 | 8): Code => [
  ...SHUFFLE,
  ...lanes((lane) => first + (lane >> 1) + 16 * (lane & 1)),
];

const PARAMETERS = [
  'rows',
  'rowBytes',
  'blocks',
  'least',
  'sketch',
  'allowed',
  'tables',
  'scratch',
  'out',
] as const;
const NUMBERS = ['row', 'found', 'block', 'rowsAt', 'rowAt', 'tableAt', 'bits', 'place'] as const;
const SCORE_VECTORS = ['mask', 'sum', 'low', 'high'] as const;
/** A block of 16 rows, twice: interleaving goes from one to the other. */
const TURNED = [lanes((index) => index), lanes((index) => 16 + index)];
const VECTORS = [...SCORE_VECTORS, ...TURNED.flat().map((index) => `turned${index}`)];
type Variable =
  (typeof PARAMETERS)[number] | (typeof NUMBERS)[number] | (typeof SCORE_VECTORS)[number] | `turned${number}`;
const { get, set, increase } = accessTo<Variable>([...PARAMETERS, ...NUMBERS, ...VECTORS] as Variable[]);
const store = (at: Code, offset: number, value: Code): Code => [...at, ...value, 0x36, 2, offset];

export const SCRATCH_BYTES = 2 * BLOCK_BYTES;

const turned = (place: 0 | 1, index: number): `turned${number}` => `turned${16 * place + index}`;

/** Each vector and the one that is half as far on, byte by byte in turns. */
const interleaveAll = (from: 0 | 1): Code =>
  Array.from({ length: 8 }, (_, pair) => {
    const both = [...get(turned(from, pair)), ...get(turned(from, pair + 8))];
    const to = from === 0 ? 1 : 0;
    return [
      ...set(turned(to, 2 * pair), both, interleave(0)),
      ...set(turned(to, 2 * pair + 1), both, interleave(8)),
    ];
  }).flat();

/** A block of each of 16 rows, so that a vector has one byte of each row: interleaved four times. */
const turnBlock: Code = [
  ...set('rowAt', get('rowsAt')),
  ...Array.from({ length: GROUP_ROWS }, (_, index) => [
    ...set(turned(0, index), loadVector(get('rowAt'), 0)),
    ...increase('rowAt', get('rowBytes')),
  ]).flat(),
  ...interleaveAll(0),
  ...interleaveAll(1),
  ...interleaveAll(0),
  ...interleaveAll(1),
];

/** What the byte at `place` of the block adds, in each of the rows: two times 4 x 15 at most. */
const lookUp = (place: number): Code => [
  ...loadVector(get('tableAt'), TABLE_BYTES * place),
  ...get(turned(0, place)),
  ...get('mask'),
  ...AND_VECTORS,
  ...LOOK_UP,
  ...loadVector(get('tableAt'), TABLE_BYTES * place + 16),
  ...get(turned(0, place)),
  ...number(4),
  ...SHIFT_HALVES_RIGHT,
  ...get('mask'),
  ...AND_VECTORS,
  ...LOOK_UP,
  ...ADD_BYTES,
];

const scoreBlock: Code = [
  ...turnBlock,
  // Two at a time: a byte holds what they add.
  ...Array.from({ length: 8 }, (_, pair) => [
    ...set('sum', lookUp(2 * pair), lookUp(2 * pair + 1), ADD_BYTES),
    ...set('low', get('low'), get('sum'), LOWER_BYTES_AS_HALVES, ADD_HALVES),
    ...set('high', get('high'), get('sum'), HIGHER_BYTES_AS_HALVES, ADD_HALVES),
  ]).flat(),
  ...increase('rowsAt', number(BLOCK_BYTES)),
  ...increase('tableAt', number(BLOCK_BYTES * TABLE_BYTES)),
  ...increase('block', number(-1)),
];

const isAtLeast = (sums: 'low' | 'high'): Code => [
  ...get(sums),
  ...get('least'),
  ...HALF_EVERYWHERE,
  ...ARE_HALVES_AT_LEAST,
];

/** Of the rows of `bits`, the lowest: its score and number go out. */
const giveRow: Code = [
  ...set('place', get('bits'), LOWEST_BIT),
  ...store(get('out'), 0, [
    ...add(get('scratch'), [...get('place'), ...number(1), ...SHIFT_LEFT]),
    ...LOAD_HALF,
  ]),
  ...store(get('out'), 4, add(get('row'), get('place'))),
  ...increase('out', number(8)),
  ...increase('found', number(1)),
  ...set('bits', and(get('bits'), [...get('bits'), ...number(1), ...SUBTRACT])),
];

const BODY: Code = [
  ...set(
    'mask',
    vector(() => 15),
  ),
  ...loop(
    set('bits', add(get('allowed'), [...get('row'), ...number(3), ...SHIFT_RIGHT]), LOAD_HALF),
    when(
      get('bits'),
      set(
        'low',
        vector(() => 0),
      ),
      set(
        'high',
        vector(() => 0),
      ),
      set('rowsAt', get('sketch')),
      set('tableAt', get('tables')),
      set('block', get('blocks')),
      loop(scoreBlock, againIf(get('block'))),
      set(
        'bits',
        and(get('bits'), [...isAtLeast('low'), ...isAtLeast('high'), ...HALVES_AS_BYTES, ...HIGHEST_BITS]),
      ),
      when(
        get('bits'),
        storeVector(get('scratch'), 0, get('low')),
        storeVector(get('scratch'), 16, get('high')),
        loop(giveRow, againIf(get('bits'))),
      ),
    ),
    increase('sketch', [...get('rowBytes'), ...number(GROUP_ROWS), ...MULTIPLY]),
    increase('row', number(GROUP_ROWS)),
    againIf([...get('row'), ...get('rows'), ...IS_LESS]),
  ),
  ...get('found'),
];

/**
 * Scores `rows` rows of a sketch and writes score and number (i32, i32) of each one that is allowed and scores `least` or more
 * to `out`; returns how many. All but the numbers are addresses. Of the bitmap, bits up to the next multiple of 16 are read:
 * those behind the last row must be 0. Of the sketch, as many rows, and up to 15 bytes past the last of them.
 */
export type ScanRows = (
  rows: number,
  rowBytes: number,
  blocks: number,
  least: number,
  sketch: number,
  allowed: number,
  tables: number,
  scratch: number,
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
