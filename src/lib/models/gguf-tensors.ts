import type { GgufCursor } from './gguf-cursor.js';

const MAX_NAME_BYTES = 64;
const MAX_DIMENSIONS = 4;

/** [elements a block, bytes a block] by tensor type. Source: ggml.h `enum ggml_type`, ggml.c `type_traits`. */
const BLOCKS: Readonly<Record<number, readonly [number, number]>> = {
  0: [1, 4], // F32
  1: [1, 2], // F16
  2: [32, 18], // Q4_0
  3: [32, 20], // Q4_1
  6: [32, 22], // Q5_0
  7: [32, 24], // Q5_1
  8: [32, 34], // Q8_0
  9: [32, 36], // Q8_1
  10: [256, 84], // Q2_K
  11: [256, 110], // Q3_K
  12: [256, 144], // Q4_K
  13: [256, 176], // Q5_K
  14: [256, 210], // Q6_K
  15: [256, 292], // Q8_K
  16: [256, 66], // IQ2_XXS
  17: [256, 74], // IQ2_XS
  18: [256, 98], // IQ3_XXS
  19: [256, 50], // IQ1_S
  20: [32, 18], // IQ4_NL
  21: [256, 110], // IQ3_S
  22: [256, 82], // IQ2_S
  23: [256, 136], // IQ4_XS
  24: [1, 1], // I8
  25: [1, 2], // I16
  26: [1, 4], // I32
  27: [1, 8], // I64
  28: [1, 8], // F64
  29: [256, 56], // IQ1_M
  30: [1, 2], // BF16
  34: [256, 54], // TQ1_0
  35: [256, 66], // TQ2_0
  39: [32, 17], // MXFP4
};

/**
 * Walks the tensor list that follows the metadata and holds it against the file: tensors follow each other without
 * gap or overlap (llama.cpp accepts nothing else) and the last one ends inside the file.
 * Returns the file's size in bytes as the list says it. Errors: MODEL_INVALID.
 */
export function checkTensors(cursor: GgufCursor, count: number, alignment: number): number {
  let expected: number | undefined = 0;
  let dataBytes = 0;
  for (let index = 0; index < count; index++) {
    const what = `tensor ${index + 1} of ${count}`;
    const name = cursor.string(`the name of ${what}`, MAX_NAME_BYTES);
    if (name === undefined)
      throw cursor.invalid(`the name of ${what} is longer than ${MAX_NAME_BYTES} bytes`);
    const bytes = tensorBytes(cursor, what);
    const offset = cursor.size(`the offset of ${what}`);
    if (expected !== undefined && offset !== expected) {
      throw cursor.invalid(
        `${what} (${printable(name)}) starts at ${offset}, not at ${expected}: it overlaps or leaves a gap`,
      );
    }
    dataBytes = Math.max(dataBytes, offset + (bytes ?? 0));
    // A type that is newer than this table: llama.cpp knows its size, so only the offsets after it are not checked.
    expected = bytes === undefined || expected === undefined ? undefined : align(offset + bytes, alignment);
  }
  const fullSize = align(cursor.position, alignment) + dataBytes;
  if (count > 0 && fullSize > cursor.fileBytes) {
    throw cursor.invalid(`truncated: ${cursor.fileBytes} of ${fullSize} bytes are there`);
  }
  return fullSize;
}

function tensorBytes(cursor: GgufCursor, what: string): number | undefined {
  const dimensions = cursor.u32(what);
  if (dimensions > MAX_DIMENSIONS) throw cursor.invalid(`${what} has ${dimensions} dimensions`);
  let elements = 1;
  let row = 1;
  for (let index = 0; index < dimensions; index++) {
    const length = cursor.size(what);
    if (index === 0) row = length;
    elements *= length;
  }
  const block = BLOCKS[cursor.u32(what)];
  if (block === undefined) return undefined;
  const bytes = (elements / block[0]) * block[1];
  if (row % block[0] !== 0 || !Number.isSafeInteger(bytes))
    throw cursor.invalid(`${what} has an impossible shape`);
  return bytes;
}

function align(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function printable(name: string): string {
  return JSON.stringify(name);
}
