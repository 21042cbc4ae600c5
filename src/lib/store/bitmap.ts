/** One bit per row of a shard. */
export function emptyBitmap(rows: number): Buffer {
  return Buffer.alloc(Math.ceil(rows / 8));
}

export function setBit(bitmap: Uint8Array, row: number, on: boolean): void {
  if (on) bitmap[row >> 3]! |= 1 << (row & 7);
  else bitmap[row >> 3]! &= ~(1 << (row & 7));
}

/** The numbers of the set bits, ascending. */
export function setBits(bitmap: Uint8Array, rows: number): Uint16Array {
  const found = new Uint16Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if ((bitmap[row >> 3]! >> (row & 7)) & 1) found[count++] = row;
  return found.subarray(0, count);
}

export function countBits(bitmap: Uint8Array): number {
  let count = 0;
  for (let byte of bitmap) for (; byte !== 0; byte &= byte - 1) count++;
  return count;
}
