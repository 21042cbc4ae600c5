import type { GgufCursor } from './gguf-cursor.js';

const MAX_NAME_BYTES = 64;
const MAX_DIMENSIONS = 4;

/** [elements a block, bytes a block, name] by tensor type. Source: ggml.h `enum ggml_type`, ggml.c `type_traits`. */
const BLOCKS: Readonly<Record<number, readonly [number, number, string]>> = {
  0: [1, 4, 'F32'],
  1: [1, 2, 'F16'],
  2: [32, 18, 'Q4_0'],
  3: [32, 20, 'Q4_1'],
  6: [32, 22, 'Q5_0'],
  7: [32, 24, 'Q5_1'],
  8: [32, 34, 'Q8_0'],
  9: [32, 36, 'Q8_1'],
  10: [256, 84, 'Q2_K'],
  11: [256, 110, 'Q3_K'],
  12: [256, 144, 'Q4_K'],
  13: [256, 176, 'Q5_K'],
  14: [256, 210, 'Q6_K'],
  15: [256, 292, 'Q8_K'],
  16: [256, 66, 'IQ2_XXS'],
  17: [256, 74, 'IQ2_XS'],
  18: [256, 98, 'IQ3_XXS'],
  19: [256, 50, 'IQ1_S'],
  20: [32, 18, 'IQ4_NL'],
  21: [256, 110, 'IQ3_S'],
  22: [256, 82, 'IQ2_S'],
  23: [256, 136, 'IQ4_XS'],
  24: [1, 1, 'I8'],
  25: [1, 2, 'I16'],
  26: [1, 4, 'I32'],
  27: [1, 8, 'I64'],
  28: [1, 8, 'F64'],
  29: [256, 56, 'IQ1_M'],
  30: [1, 2, 'BF16'],
  34: [256, 54, 'TQ1_0'],
  35: [256, 66, 'TQ2_0'],
  39: [32, 17, 'MXFP4'],
};

/** What the tensors of a file come to. */
export interface TensorSummary {
  /** Bytes of all of them. */
  readonly bytes: number;
  /** Bytes of the weights that are multiplied with, by the type that they are stored in; embeddings, norms and biases are not. */
  readonly matrixBytes: Readonly<Record<string, number>>;
  /** The table of tokens, which is also multiplied with where a decoder has no output of its own. */
  readonly tokenTable: { readonly type: string; readonly bytes: number } | null;
  /** Those of the names that were asked for. */
  readonly present: ReadonlySet<string>;
}

/**
 * Walks the tensor list that follows the metadata and holds it against the file: tensors follow each other without
 * gap or overlap (llama.cpp accepts nothing else) and the last one ends inside the file. Errors: MODEL_INVALID.
 */
export function readTensors(
  cursor: GgufCursor,
  count: number,
  alignment: number,
  asked: ReadonlySet<string>,
): TensorSummary {
  let expected: number | undefined = 0;
  let dataBytes = 0;
  let bytesOfAll = 0;
  const matrixBytes: Record<string, number> = {};
  const present = new Set<string>();
  let tokenTable: TensorSummary['tokenTable'] = null;
  for (let index = 0; index < count; index++) {
    const what = `tensor ${index + 1} of ${count}`;
    const name = cursor.string(`the name of ${what}`, MAX_NAME_BYTES);
    if (name === undefined)
      throw cursor.invalid(`the name of ${what} is longer than ${MAX_NAME_BYTES} bytes`);
    if (asked.has(name)) present.add(name);
    const { type, bytes, isMatrix } = readShape(cursor, what);
    const offset = cursor.size(`the offset of ${what}`);
    if (expected !== undefined && offset !== expected) {
      throw cursor.invalid(
        `${what} (${printable(name)}) starts at ${offset}, not at ${expected}: it overlaps or leaves a gap`,
      );
    }
    dataBytes = Math.max(dataBytes, offset + (bytes ?? 0));
    bytesOfAll += bytes ?? 0;
    if (name === TOKEN_TABLE) tokenTable = { type, bytes: bytes ?? 0 };
    if (isMatrix && !LOOKED_UP.has(name)) matrixBytes[type] = (matrixBytes[type] ?? 0) + (bytes ?? 0);
    // A type that is newer than this table: llama.cpp knows its size, so only the offsets after it are not checked.
    expected = bytes === undefined || expected === undefined ? undefined : align(offset + bytes, alignment);
  }
  const fullSize = align(cursor.position, alignment) + dataBytes;
  if (count > 0 && fullSize > cursor.fileBytes) {
    throw cursor.invalid(`truncated: ${cursor.fileBytes} of ${fullSize} bytes are there`);
  }
  return { bytes: bytesOfAll, matrixBytes, tokenTable, present };
}

const TOKEN_TABLE = 'token_embd.weight';

/** Tables of which a text's rows are taken, one a token or position. */
const LOOKED_UP: ReadonlySet<string> = new Set([TOKEN_TABLE, 'position_embd.weight', 'token_types.weight']);

interface TensorShape {
  readonly type: string;
  /** undefined where the type is not known here */
  readonly bytes: number | undefined;
  readonly isMatrix: boolean;
}

function readShape(cursor: GgufCursor, what: string): TensorShape {
  const dimensions = cursor.u32(what);
  if (dimensions > MAX_DIMENSIONS) throw cursor.invalid(`${what} has ${dimensions} dimensions`);
  let elements = 1;
  let row = 1;
  for (let index = 0; index < dimensions; index++) {
    const length = cursor.size(what);
    if (index === 0) row = length;
    elements *= length;
  }
  const number = cursor.u32(what);
  const block = BLOCKS[number];
  const isMatrix = dimensions > 1;
  if (block === undefined) return { type: `type ${number}`, bytes: undefined, isMatrix };
  const bytes = (elements / block[0]) * block[1];
  if (row % block[0] !== 0 || !Number.isSafeInteger(bytes))
    throw cursor.invalid(`${what} has an impossible shape`);
  return { type: block[2], bytes, isMatrix };
}

function align(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function printable(name: string): string {
  return JSON.stringify(name);
}
