import { closeSync, openSync, readSync } from 'node:fs';

/** What the file says of itself that the native runtimes do not tell. Null where it says nothing. */
export interface ModelHeader {
  readonly architecture: string | null;
  readonly layers: number | null;
  readonly vocabularySize: number | null;
  readonly pooling: string | null;
}

/** By the number of `<arch>.pooling_type`. Source: enum llama_pooling_type of llama.h. */
export const POOLINGS = ['none', 'mean', 'cls', 'last', 'rank'];

/** Bytes of a value by its type in the GGUF; strings (8) and arrays (9) say their length themselves. */
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];
const STRING = 8;
const ARRAY = 9;
const UINT32 = 4;

const CHUNK_BYTES = 64 * 1024;
const LONGEST_KEY = 1_024;

/** Reads the metadata of a GGUF file up to what is looked for. Throws a RangeError where it is none. */
export function readModelHeader(path: string): ModelHeader {
  const descriptor = openSync(path, 'r');
  try {
    return find(new Cursor(descriptor));
  } finally {
    closeSync(descriptor);
  }
}

function find(cursor: Cursor): ModelHeader {
  let architecture: string | null = null;
  let layers: number | null = null;
  let vocabularySize: number | null = null;
  let pooling: string | null = null;
  if (cursor.uint32() !== 0x4655_4747) throw new RangeError('it is no GGUF file');
  cursor.skip(4 + 8); // version, number of tensors
  const pairs = cursor.uint64();
  const isComplete = () => vocabularySize !== null && layers !== null && pooling !== null;
  for (let pair = 0; pair < pairs && !isComplete(); pair++) {
    const key = cursor.string();
    const type = cursor.uint32();
    if (key === 'tokenizer.ggml.tokens' && type === ARRAY) {
      const element = cursor.uint32();
      vocabularySize = cursor.uint64();
      skipElements(cursor, element, vocabularySize);
    } else if (key === 'general.architecture' && type === STRING) {
      architecture = cursor.string();
    } else if (key === `${architecture}.block_count` && type === UINT32) {
      layers = cursor.uint32();
    } else if (key === `${architecture}.pooling_type` && type === UINT32) {
      pooling = POOLINGS[cursor.uint32()] ?? 'unknown';
    } else skipValue(cursor, type);
  }
  return { architecture, layers, vocabularySize, pooling };
}

function skipValue(cursor: Cursor, type: number): void {
  if (type === STRING) cursor.skip(cursor.uint64());
  else if (type === ARRAY) skipElements(cursor, cursor.uint32(), cursor.uint64());
  else cursor.skip(sizeOf(type));
}

function skipElements(cursor: Cursor, type: number, count: number): void {
  if (type !== STRING) cursor.skip(count * sizeOf(type));
  else for (let index = 0; index < count; index++) cursor.skip(cursor.uint64());
}

function sizeOf(type: number): number {
  const bytes = VALUE_BYTES[type];
  if (!bytes) throw new RangeError(`its metadata has a value of the unknown type ${type}`);
  return bytes;
}

/** Goes through a file in one direction with one small buffer. */
class Cursor {
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #start = 0;
  #length = 0;
  #position = 0;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  skip(bytes: number): void {
    this.#position += bytes;
  }

  uint32(): number {
    return this.#take(4).readUInt32LE();
  }

  uint64(): number {
    const value = Number(this.#take(8).readBigUInt64LE());
    if (!Number.isSafeInteger(value)) throw new RangeError('its metadata has a length that no file has');
    return value;
  }

  string(): string {
    const length = this.uint64();
    if (length > LONGEST_KEY) throw new RangeError(`its metadata has a name of ${length} bytes`);
    return this.#take(length).toString('utf8');
  }

  #take(bytes: number): Buffer {
    let offset = this.#position - this.#start;
    if (offset < 0 || offset + bytes > this.#length) {
      this.#length = readSync(this.#descriptor, this.#buffer, 0, CHUNK_BYTES, this.#position);
      this.#start = this.#position;
      offset = 0;
      if (bytes > this.#length) throw new RangeError('it ends within its metadata');
    }
    this.#position += bytes;
    return this.#buffer.subarray(offset, offset + bytes);
  }
}
