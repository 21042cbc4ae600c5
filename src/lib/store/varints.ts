/** SQLite's integers of variable length, of up to 8 bytes. */
export function varints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  let value = 0;
  for (const byte of bytes) {
    value = value * 128 + (byte & 127);
    if (byte & 128) continue;
    values.push(value);
    value = 0;
  }
  return values;
}
