// The dot product of two vectors of 32-bit floats, in 64-bit floats, two of them at a time: a quarter of the time that it takes in
// JavaScript, which has to look whether each number is there. See docs/decisions/0013.
import { accessTo, againIf, type Code, instantiate, loadVector, loop, number, TYPES } from './wasm.js';

const PARAMETERS = ['row', 'query', 'fours'] as const;
const VECTORS = ['low', 'high', 'ofRow', 'ofQuery'] as const;
type Variable = (typeof PARAMETERS)[number] | (typeof VECTORS)[number];
const { get, set, increase } = accessTo<Variable>([...PARAMETERS, ...VECTORS]);

const DOUBLES_OF_LOWER: Code = [0xfd, 0x5f];
const MULTIPLY_DOUBLES: Code = [0xfd, 0xf2, 0x01];
const ADD_VECTORS_OF_DOUBLES: Code = [0xfd, 0xf0, 0x01];
const ADD_DOUBLES: Code = [0xa0];
const DOUBLE: Code = [0xfd, 0x21];
const EXCHANGE_HALVES: Code = [0xfd, 0x0d, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];

const lower = (name: Variable): Code => [...get(name), ...DOUBLES_OF_LOWER];
const higher = (name: Variable): Code => [
  ...get(name),
  ...get(name),
  ...EXCHANGE_HALVES,
  ...DOUBLES_OF_LOWER,
];
const addProducts = (sum: 'low' | 'high', half: (name: Variable) => Code): Code =>
  set(sum, get(sum), half('ofRow'), half('ofQuery'), MULTIPLY_DOUBLES, ADD_VECTORS_OF_DOUBLES);
const both = (name: Variable): Code => [
  ...get(name),
  ...DOUBLE,
  0,
  ...get(name),
  ...DOUBLE,
  1,
  ...ADD_DOUBLES,
];

const BODY: Code = [
  ...loop(
    set('ofRow', loadVector(get('row'), 0)),
    set('ofQuery', loadVector(get('query'), 0)),
    addProducts('low', lower),
    addProducts('high', higher),
    increase('row', number(16)),
    increase('query', number(16)),
    increase('fours', number(-1)),
    againIf(get('fours')),
  ),
  ...both('low'),
  ...both('high'),
  ...ADD_DOUBLES,
];

/** The addresses of two vectors, and how many times four numbers they have, at least once. */
export type Dot = (row: number, query: number, fours: number) => number;

/** Undefined where there can be none. */
export function makeDotKernel(bytes: number): { dot: Dot; memory: ArrayBuffer } | undefined {
  const made = instantiate(
    { parameters: PARAMETERS, numbers: [], vectors: VECTORS, result: TYPES.f64, body: BODY },
    bytes,
  );
  return made && { dot: made.run as Dot, memory: made.memory };
}
