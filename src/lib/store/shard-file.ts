import fs from 'node:fs';
import { keepShape } from '../memory/keep-shape.js';
import {
  HEADER_BYTES,
  IS_MISSING,
  readHeader,
  rowIsSound,
  sectionIsSound,
  SHARD_FILE,
  ShardDamagedError,
  shardLayout,
  type ShardLayout,
} from './shard-format.js';

const SPAN_BYTES = 256 * 1024;
/** Rows this close are read in one go: the bytes between them cost less than another call. */
const GAP_ROWS = 6;

/** The one buffer that every read goes through; it grows to the largest sketch and then stays. */
export class ReadBuffer {
  bytes = Buffer.alloc(0);
  floats: Float32Array<ArrayBuffer> = new Float32Array(0);
  #first = new Uint8Array(0);

  ensure(bytes: number): void {
    if (this.bytes.length >= bytes) return;
    this.floats = this.allocate(Math.ceil(bytes / 4096) * 4096);
    this.bytes = Buffer.from(this.floats.buffer, this.floats.byteOffset, this.floats.byteLength);
  }

  protected allocate(bytes: number): Float32Array<ArrayBuffer> {
    return new Float32Array(bytes / 4);
  }

  /** Its first bytes. Candidates are mostly read one by one: a view of its own for each would be half of a search's garbage. */
  first(bytes: number): Uint8Array {
    if (this.#first.length !== bytes || this.#first.buffer !== this.floats.buffer)
      this.#first = new Uint8Array(this.floats.buffer, this.floats.byteOffset, bytes);
    return this.#first;
  }
}

/** Rows by number, ascending. */
export type Rows = ArrayLike<number>;
/** The vector is `floats[start .. start + dimensions]`, valid until the visit returns. */
export type RowVisit = (row: number, floats: Float32Array, start: number, norm: number) => void;

/** A published shard, read where it is: by position, through a shared buffer, every block checked. Synchronous. */
export class ShardFile {
  readonly layout: ShardLayout;
  readonly #descriptor: number;
  readonly #buffer: ReadBuffer;

  /** `known`: its layout, from an earlier opening. Throws ShardDamagedError when it is missing or cannot be understood. */
  static open(folder: string, buffer: ReadBuffer, known?: ShardLayout): ShardFile {
    const descriptor = openOrDamaged(`${folder}/${SHARD_FILE}`);
    try {
      return new ShardFile(descriptor, buffer, known ?? readLayout(descriptor));
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
  }

  constructor(descriptor: number, buffer: ReadBuffer, layout: ShardLayout) {
    this.#descriptor = descriptor;
    this.#buffer = buffer;
    this.layout = layout;
  }

  /** Reads the sketch's rows and their checksum (4 bytes) into `into`. False when they do not fit; `check` false: trusted. */
  readSketch(into: Uint8Array, check: boolean): boolean {
    const { sketchOffset, sketchBytes } = this.layout;
    this.#readInto(into, sketchOffset, sketchBytes + 4);
    return !check || sectionIsSound(into, sketchBytes);
  }

  /** Visits `rows` in their order; those that do not fit their checksum are left out and returned. */
  readRows(rows: Rows, visit: RowVisit): number[] {
    const { rowBytes, rowsOffset, dimensions } = this.layout;
    const damaged: number[] = [];
    const spanRows = Math.max(1, Math.floor(SPAN_BYTES / rowBytes));
    let next = 0;
    while (next < rows.length) {
      const first = rows[next]!;
      let end = next + 1;
      while (end < rows.length && rows[end]! - rows[end - 1]! <= GAP_ROWS && rows[end]! - first < spanRows)
        end++;
      this.#read(rowsOffset + first * rowBytes, (rows[end - 1]! - first + 1) * rowBytes);
      const { bytes, floats } = this.#buffer;
      for (; next < end; next++) {
        const row = rows[next]!;
        const start = (row - first) * rowBytes;
        const block = start === 0 ? this.#buffer.first(rowBytes) : bytes.subarray(start, start + rowBytes);
        if (rowIsSound(block, row)) visit(row, floats, start / 4, bytes.readDoubleLE(start + dimensions * 4));
        else damaged.push(row);
      }
    }
    return damaged;
  }

  /** The ids of its rows, in their order; undefined when they do not fit their checksum. */
  ids(): Buffer[] | undefined {
    const { idsBytes, idBytes, rows } = this.layout;
    this.#read(HEADER_BYTES, idsBytes + 4);
    if (!sectionIsSound(this.#buffer.bytes, idsBytes)) return undefined;
    const ids = Buffer.from(this.#buffer.bytes.subarray(0, idsBytes));
    return Array.from({ length: rows }, (_, row) => ids.subarray(row * idBytes, (row + 1) * idBytes));
  }

  /** Reads all of it: header, ids, sketch and every row. */
  everyBlockIsSound(): boolean {
    const { idsBytes, sketchBytes, rows } = this.layout;
    this.#read(HEADER_BYTES, idsBytes + 4);
    if (!sectionIsSound(this.#buffer.bytes, idsBytes)) return false;
    this.#buffer.ensure(sketchBytes + 4);
    return (
      this.readSketch(this.#buffer.bytes, true) &&
      this.readRows(
        Uint16Array.from({ length: rows }, (_, row) => row),
        () => undefined,
      ).length === 0
    );
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }

  #read(offset: number, bytes: number): void {
    this.#buffer.ensure(Math.max(bytes, SPAN_BYTES));
    this.#readInto(this.#buffer.bytes, offset, bytes);
  }

  #readInto(into: Uint8Array, offset: number, bytes: number): void {
    readFully(this.#descriptor, into, offset, bytes);
  }
}

function readFully(descriptor: number, into: Uint8Array, offset: number, bytes: number): void {
  for (let done = 0; done < bytes;) {
    const read = readSome(descriptor, into, done, bytes - done, offset + done);
    if (read === 0) throw new ShardDamagedError('it is cut off');
    done += read;
  }
}

function readSome(descriptor: number, into: Uint8Array, at: number, bytes: number, offset: number): number {
  try {
    return fs.readSync(descriptor, into, at, bytes, offset);
  } catch (error) {
    throw damageBehind(error);
  }
}

function readLayout(descriptor: number): ShardLayout {
  const header = Buffer.alloc(HEADER_BYTES);
  readFully(descriptor, header, 0, HEADER_BYTES);
  return readHeader(header, fs.fstatSync(descriptor).size);
}

function openOrDamaged(file: string): number {
  try {
    return fs.openSync(file, 'r');
  } catch (error) {
    throw damageBehind(error);
  }
}

/** Nothing is there, or something that is no file. What may not be read, or cannot be now, is for the caller to judge. */
function damageBehind(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new ShardDamagedError(IS_MISSING, { cause: error });
  const isNoFile = code === 'EISDIR' || code === 'ENOTDIR' || code === 'ELOOP';
  return isNoFile ? new ShardDamagedError('it is no file', { cause: error }) : error;
}

keepShape(
  new ShardFile(-1, new ReadBuffer(), shardLayout({ dimensions: 0, rows: 0, idBytes: 0, indexVersion: 0 })),
);
