import {
  HEADER_BYTES,
  readHeader,
  rowIsSound,
  sealRow,
  sealSection,
  sectionIsSound,
  ShardDamagedError,
  shardLayout,
  type ShardLayout,
  writeHeader,
  writeSketch,
} from './shard-format.js';
import type { IndexCodec, IndexData, IndexItem } from './vectra-types.js';

/**
 * vectra's index as a shard file. Items are an id in hex and a vector: what a chunk says stands in SQLite. `bufferFor`
 * gives the memory for the file; vectors that lie in it where the file has them are not copied.
 */
export function shardCodec(
  bufferFor: (bytes: number) => Buffer = (bytes) => Buffer.alloc(bytes),
): IndexCodec {
  return {
    extension: '.shard',
    serializeIndex(data) {
      const layout = layoutOf(data);
      return encodeShard(data, layout, bufferFor(layout.fileBytes));
    },
    deserializeIndex: decodeShard,
    serializeCatalog: noDocuments,
    deserializeCatalog: noDocuments,
    serializeMetadata: noDocuments,
    deserializeMetadata: noDocuments,
  };
}

function layoutOf(data: IndexData): ShardLayout {
  const first = data.items[0];
  return shardLayout({
    dimensions: first?.vector.length ?? 0,
    rows: data.items.length,
    idBytes: (first?.id.length ?? 0) / 2,
    indexVersion: data.version,
  });
}

function encodeShard(data: IndexData, layout: ShardLayout, file: Buffer): Buffer {
  file.fill(0, 0, layout.rowsOffset);
  writeHeader(layout, file);
  data.items.forEach((item, row) => {
    if (item.vector.length !== layout.dimensions)
      throw new Error('the vectors of one shard differ in length');
    if (file.write(item.id, HEADER_BYTES + row * layout.idBytes, 'hex') !== layout.idBytes)
      throw new Error(`not an id of ${layout.idBytes} bytes in hex: ${item.id}`);
    const sketchStart = layout.sketchOffset + row * layout.sketchRowBytes;
    writeSketch(item.vector, file.subarray(sketchStart, sketchStart + layout.sketchRowBytes));
    const rowStart = layout.rowsOffset + row * layout.rowBytes;
    const block = file.subarray(rowStart, rowStart + layout.rowBytes);
    const { buffer, byteOffset, byteLength } = item.vector;
    if (buffer !== block.buffer || byteOffset !== block.byteOffset)
      block.set(new Uint8Array(buffer, byteOffset, byteLength), 0);
    block.writeDoubleLE(item.norm, layout.dimensions * 4);
    sealRow(block, row);
  });
  sealSection(file, HEADER_BYTES, layout.idsBytes);
  sealSection(file, layout.sketchOffset, layout.sketchBytes);
  return file;
}

function decodeShard(file: Buffer): IndexData {
  const layout = readHeader(file, file.length);
  if (!sectionIsSound(file.subarray(HEADER_BYTES), layout.idsBytes))
    throw new ShardDamagedError('its ids do not fit their checksum');
  const items: IndexItem[] = [];
  for (let row = 0; row < layout.rows; row++) {
    const rowStart = layout.rowsOffset + row * layout.rowBytes;
    const block = file.subarray(rowStart, rowStart + layout.rowBytes);
    if (!rowIsSound(block, row)) throw new ShardDamagedError(`row ${row} does not fit its checksum`);
    const idStart = HEADER_BYTES + row * layout.idBytes;
    const vector = new Float32Array(layout.dimensions);
    new Uint8Array(vector.buffer).set(block.subarray(0, layout.dimensions * 4));
    items.push({
      id: file.toString('hex', idStart, idStart + layout.idBytes),
      metadata: {},
      vector,
      norm: block.readDoubleLE(layout.dimensions * 4),
    });
  }
  return { version: layout.indexVersion, metadata_config: {}, items };
}

function noDocuments(): never {
  throw new Error('a shard holds vectors only');
}
