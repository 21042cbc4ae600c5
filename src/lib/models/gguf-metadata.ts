import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { EmbedSearchError } from '../errors.js';
import { GgufCursor, SCALAR_BYTES } from './gguf-cursor.js';
import { readTensors, type TensorSummary } from './gguf-tensors.js';

const MAGIC = 0x46554747;
const STRING = 8;
const ARRAY = 9;
const MAX_KEYS = 4096;
const MAX_TENSORS = 65_536;
const MAX_KEY_BYTES = 65_535;
const MAX_KEPT_STRING_BYTES = 64 * 1024;
/** Bytes of text that are kept in memory in all, so that a hostile file cannot fill it. */
const MAX_KEPT_BYTES = 12 * 1024 * 1024;
const MAX_KEPT_ENTRIES = 524_288;

export type GgufValue = string | number | boolean;

/** What a GGUF file says about itself; no weights. */
export interface GgufMetadata {
  /** bytes of the file */
  readonly bytes: number;
  readonly mtimeMs: number;
  readonly version: number;
  readonly tensorCount: number;
  /** Every value that is not an array. Strings over 64 KiB are left out. */
  readonly values: ReadonlyMap<string, GgufValue>;
  /** The arrays that were asked for. */
  readonly arrays: ReadonlyMap<string, readonly GgufValue[]>;
  /** How many entries each array has. */
  readonly arrayLengths: ReadonlyMap<string, number>;
  readonly tensors: TensorSummary;
}

export interface GgufReadOptions {
  /** Keys of the arrays to keep; all others are passed over unread. */
  readonly arrays?: readonly string[];
  /** Names of tensors to look for. */
  readonly tensors?: readonly string[];
}

/**
 * Reads a GGUF file's header and metadata, and holds its list of tensors against its size, without loading a
 * weight: a file that passes is whole. Bounded: one 64 KiB buffer, about 12 MiB of kept text, under a second.
 * Errors: MODEL_MISSING (no such file), MODEL_INVALID (not a GGUF file, or a damaged one; the message says where).
 */
export async function readGgufMetadata(path: string, options: GgufReadOptions = {}): Promise<GgufMetadata> {
  const fd = openModelFile(path);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) {
      throw invalid(path, stat.isDirectory() ? 'it is a folder' : 'it is not a regular file');
    }
    if (stat.size === 0) throw invalid(path, 'it is empty (0 bytes)');
    const parsed = parse(new GgufCursor(fd, path, stat.size), options);
    return { bytes: stat.size, mtimeMs: stat.mtimeMs, ...parsed };
  } catch (error) {
    if (error instanceof EmbedSearchError) throw error;
    throw invalid(path, `it cannot be read (${(error as Error).message})`, error);
  } finally {
    closeSync(fd);
  }
}

function openModelFile(path: string): number {
  try {
    // Without O_NONBLOCK a FIFO would hold us until someone writes to it.
    return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new EmbedSearchError('MODEL_MISSING', `The model file ${path} does not exist.`, { cause: error });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw new EmbedSearchError(
        'MODEL_INVALID',
        `The model file ${path} cannot be read: permission denied.`,
        {
          fix: 'Give yourself permission to read it, or name another one with --model FILE.',
          cause: error,
        },
      );
    }
    const why =
      code === 'ELOOP'
        ? 'its symbolic links go in a circle'
        : `it cannot be opened (${(error as Error).message})`;
    throw invalid(path, why, error);
  }
}

function invalid(path: string, what: string, cause?: unknown): EmbedSearchError {
  return new EmbedSearchError('MODEL_INVALID', `${path} is not a usable GGUF file: ${what}.`, { cause });
}

function parse(cursor: GgufCursor, options: GgufReadOptions): Omit<GgufMetadata, 'bytes' | 'mtimeMs'> {
  const wanted = new Set(options.arrays);
  if (cursor.u32('the magic number') !== MAGIC) throw cursor.invalid('it does not begin with "GGUF"');
  const version = readVersion(cursor);
  const tensorCount = readCount(cursor, 'tensors', MAX_TENSORS);
  const keyCount = readCount(cursor, 'metadata keys', MAX_KEYS);
  const values = new Map<string, GgufValue>();
  const arrays = new Map<string, readonly GgufValue[]>();
  const arrayLengths = new Map<string, number>();
  const budget = { bytes: MAX_KEPT_BYTES, entries: MAX_KEPT_ENTRIES };
  const seen = new Set<string>();
  for (let index = 0; index < keyCount; index++) {
    const key = cursor.string(`metadata key ${index + 1} of ${keyCount}`, MAX_KEY_BYTES);
    if (key === undefined || key === '')
      throw cursor.invalid(`metadata key ${index + 1} of ${keyCount} has an impossible length`);
    spend(cursor, budget, Buffer.byteLength(key));
    const what = `metadata key ${JSON.stringify(key.slice(0, 80))}`;
    if (seen.has(key)) throw cursor.invalid(`${what} is there twice`);
    seen.add(key);
    const type = cursor.u32(what);
    if (type === ARRAY) {
      const { count, entries } = readArray(cursor, what, wanted.has(key), budget);
      arrayLengths.set(key, count);
      if (entries !== undefined) arrays.set(key, entries);
    } else {
      const value = readValue(cursor, type, what, budget);
      if (value !== undefined) values.set(key, value);
    }
  }
  const alignment = readAlignment(cursor, values);
  const tensors = readTensors(cursor, tensorCount, alignment, new Set(options.tensors));
  return { version, tensorCount, values, arrays, arrayLengths, tensors };
}

function readVersion(cursor: GgufCursor): number {
  const version = cursor.u32('the version');
  if (version === 2 || version === 3) return version;
  if (version !== 0 && (version & 0xffff) === 0) throw cursor.invalid('it is big-endian');
  throw cursor.invalid(`it is of GGUF version ${version}, only 2 and 3 are known`);
}

function readCount(cursor: GgufCursor, what: string, most: number): number {
  const count = cursor.size(`the number of ${what}`);
  if (count > most) throw cursor.invalid(`it claims ${count} ${what}`);
  return count;
}

function readAlignment(cursor: GgufCursor, values: ReadonlyMap<string, GgufValue>): number {
  const alignment = values.get('general.alignment') ?? 32;
  if (
    typeof alignment !== 'number' ||
    alignment < 1 ||
    alignment > 2 ** 20 ||
    !Number.isInteger(Math.log2(alignment))
  ) {
    throw cursor.invalid(`its alignment is ${JSON.stringify(alignment)}`);
  }
  return alignment;
}

interface Budget {
  bytes: number;
  entries: number;
}

function spend(cursor: GgufCursor, budget: Budget, bytes: number): void {
  budget.bytes -= bytes;
  budget.entries -= 1;
  if (budget.bytes < 0 || budget.entries < 0)
    throw cursor.invalid('it holds more metadata than any model has');
}

function readValue(cursor: GgufCursor, type: number, what: string, budget: Budget): GgufValue | undefined {
  if (type === STRING) {
    const text = cursor.string(what, MAX_KEPT_STRING_BYTES);
    if (text !== undefined) spend(cursor, budget, Buffer.byteLength(text));
    return text;
  }
  if (SCALAR_BYTES[type] === undefined) throw cursor.invalid(`${what} is of the unknown type ${type}`);
  const value = cursor.number(type, what);
  return type === 7 ? value !== 0 : value;
}

/** `entries` only where they are to be kept. */
function readArray(
  cursor: GgufCursor,
  what: string,
  keep: boolean,
  budget: Budget,
): { count: number; entries?: GgufValue[] } {
  const type = cursor.u32(what);
  const count = cursor.size(`the length of ${what}`);
  const entryBytes = type === STRING ? 8 : SCALAR_BYTES[type];
  if (entryBytes === undefined) throw cursor.invalid(`${what} is an array of the unknown type ${type}`);
  if (count * entryBytes > cursor.fileBytes - cursor.position) {
    throw cursor.invalid(`${what} claims ${count} entries, more than the file has room for`);
  }
  if (keep) {
    const entries: GgufValue[] = [];
    for (let index = 0; index < count; index++) {
      const value = readValue(cursor, type, what, budget);
      if (type !== STRING) spend(cursor, budget, entryBytes);
      if (value !== undefined) entries.push(value);
    }
    return { count, entries };
  }
  if (type === STRING) {
    for (let index = 0; index < count; index++) cursor.skip(cursor.size(what), what);
  } else {
    cursor.skip(count * entryBytes, what);
  }
  return { count };
}
