import { crc32 } from 'node:zlib';

/** The one file of a shard's folder. */
export const SHARD_FILE = 'index.shard';
export const HEADER_BYTES = 32;
const MAGIC = 'EmbSShrd';
const SHARD_VERSION = 1;
const CRC_WITH_CHECKSUM = 0x2144df1c;

/** Of a shard: why it cannot be read. */
export const IS_MISSING = 'it is missing';

/** A shard that cannot be read as a whole: cut off, another format, or its head does not fit its checksum. */
export class ShardDamagedError extends Error {
  override readonly name = 'ShardDamagedError';
}

/**
 * A shard, little-endian:
 *
 *     header   magic (8), format, dimensions, rows, bytes of an id, vectra's index version, CRC-32 (7 x u32 in all)
 *     ids      rows x id, padding to 4, CRC-32
 *     sketch   rows x one bit per dimension (set when positive), padded to 4 bytes a row, CRC-32
 *     rows     dimensions x f32, norm f64, CRC-32 seeded with the row's number
 *
 * A row is a block of its own, so that a candidate is read and checked without its neighbours.
 */
export interface ShardLayout {
  readonly dimensions: number;
  readonly rows: number;
  readonly idBytes: number;
  readonly indexVersion: number;
  readonly idsBytes: number;
  readonly sketchOffset: number;
  readonly sketchRowBytes: number;
  readonly sketchBytes: number;
  readonly rowsOffset: number;
  readonly rowBytes: number;
  readonly fileBytes: number;
}

export function shardLayout(
  shape: Pick<ShardLayout, 'dimensions' | 'rows' | 'idBytes' | 'indexVersion'>,
): ShardLayout {
  const idsBytes = Math.ceil((shape.rows * shape.idBytes) / 4) * 4;
  const sketchOffset = HEADER_BYTES + idsBytes + 4;
  const rowBytesOfSketch = sketchRowBytes(shape.dimensions);
  const sketchBytes = shape.rows * rowBytesOfSketch;
  const rowsOffset = sketchOffset + sketchBytes + 4;
  const rowBytes = shape.dimensions * 4 + 12;
  const fileBytes = rowsOffset + shape.rows * rowBytes;
  return {
    ...shape,
    idsBytes,
    sketchOffset,
    sketchRowBytes: rowBytesOfSketch,
    sketchBytes,
    rowsOffset,
    rowBytes,
    fileBytes,
  };
}

/** One bit a dimension, padded to 4 bytes. */
export function sketchRowBytes(dimensions: number): number {
  return Math.ceil(dimensions / 32) * 4;
}

export function writeHeader(layout: ShardLayout, into: Buffer): void {
  into.write(MAGIC, 0, 'latin1');
  const numbers = [SHARD_VERSION, layout.dimensions, layout.rows, layout.idBytes, layout.indexVersion];
  numbers.forEach((value, index) => into.writeUInt32LE(value, 8 + 4 * index));
  into.writeUInt32LE(crc32(into.subarray(0, 28)), 28);
}

/** Throws ShardDamagedError. */
export function readHeader(header: Buffer, fileBytes: number): ShardLayout {
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 8) !== MAGIC)
    throw new ShardDamagedError('it does not start as a shard');
  if (header.readUInt32LE(28) !== crc32(header.subarray(0, 28)))
    throw new ShardDamagedError('its header does not fit its checksum');
  if (header.readUInt32LE(8) !== SHARD_VERSION)
    throw new ShardDamagedError(
      `its format is ${header.readUInt32LE(8)}, this program knows ${SHARD_VERSION}`,
    );
  const layout = shardLayout({
    dimensions: header.readUInt32LE(12),
    rows: header.readUInt32LE(16),
    idBytes: header.readUInt32LE(20),
    indexVersion: header.readUInt32LE(24),
  });
  if (fileBytes !== layout.fileBytes)
    throw new ShardDamagedError(`it has ${fileBytes} bytes instead of ${layout.fileBytes}`);
  return layout;
}

/** Closes a section: its checksum stands in the four bytes after it. */
export function sealSection(file: Buffer, offset: number, bytes: number): void {
  file.writeUInt32LE(crc32(file.subarray(offset, offset + bytes)), offset + bytes);
}

export function sectionIsSound(section: Uint8Array, bytes: number): boolean {
  const { buffer, byteOffset } = section;
  return new DataView(buffer, byteOffset + bytes, 4).getUint32(0, true) === crc32(section.subarray(0, bytes));
}

/** The seed makes a row that stands in another one's place as wrong as a flipped bit. */
export function sealRow(block: Buffer, row: number): void {
  block.writeUInt32LE(crc32(block.subarray(0, block.length - 4), row), block.length - 4);
}

/** `block`: the row with its checksum, over which together CRC-32 gives the same number whatever the row. */
export function rowIsSound(block: Uint8Array, row: number): boolean {
  return crc32(block, row) === CRC_WITH_CHECKSUM;
}

/** Sign bits of `vector`: bit `i & 7` of byte `i >> 3` is set where component i is positive. */
export function writeSketch(vector: ArrayLike<number>, into: Uint8Array): void {
  for (let index = 0; index < vector.length; index++) {
    if (vector[index]! > 0) into[index >> 3]! |= 1 << (index & 7);
  }
}
