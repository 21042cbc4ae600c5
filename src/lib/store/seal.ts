import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { EmbedSearchError } from '../errors.js';
import { BLOCK_BYTES, DatabaseBlocks, databaseFile, databaseSize, databaseStamp } from './database-blocks.js';
import { durableFiles } from './durable-files.js';
import type { IndexIdentity, ModelFileNote } from './types.js';

export const SEAL_FILE = 'index.seal';
const SEAL_VERSION = 1;
const SUM_BYTES = 4;

export const MENDED_BY = 'Run `embed-search index`: it is made anew from the files, and vectors are kept.';

/** What a value that should not be there leads to. Never an abort or a timeout: to explain an error reads all of index.db. */
const ERRORS_OF_DAMAGE = new Set(['Error', 'TypeError', 'RangeError', 'SyntaxError', 'SqliteError']);

/** What has to be known to use the shards without the database that names them. */
export interface KeptIdentity {
  readonly generation: number;
  readonly identity: IndexIdentity;
  readonly modelFile: ModelFileNote | null;
  /** Folders of the shards that hold vectors of this identity. */
  readonly shards: readonly string[];
}

/** Checksums of index.db, as the last writer left it. */
export interface Sums {
  readonly bytes: number;
  /** As the file system had it then: while it has, nobody but a failing disk has touched the file. */
  readonly stamp: string;
  /** CRC-32 of each block of 64 KB, 4 bytes each, little-endian, in base64. */
  readonly blocks: string;
}

/**
 * SQLite has no checksums on its pages: a byte that flips in them is a wrong answer. So the last thing that a writer
 * does is to seal the file, and the first thing that the next one does is to compare. `sums` is null while a writer is
 * at work, and after one that was killed.
 */
export interface Seal {
  readonly sums: Sums | null;
  /** A writer has met damage: the database is to be made anew. */
  readonly damaged: boolean;
  readonly kept: KeptIdentity | null;
}

/** Undefined where there is none, or none that can be trusted. */
export function readSeal(indexDir: string): Seal | undefined {
  return parseSeal(readSealText(indexDir));
}

export async function writeSeal(indexDir: string, seal: Seal): Promise<void> {
  const text = JSON.stringify({ version: SEAL_VERSION, ...seal });
  await durableFiles.upsertFile(path.join(indexDir, SEAL_FILE), `${checksum(text)} ${text}`);
}

/**
 * Of index.db as it stands on the disk: its log has to be empty, and nobody may be writing. Where `known` says what its
 * sums were and which blocks may have changed since, only these are read.
 */
export function sumsOf(
  indexDir: string,
  known?: { readonly sums: Sums; readonly changed: ReadonlySet<number> },
): Sums {
  const stamp = databaseStamp(indexDir);
  const bytes = databaseSize(indexDir);
  const count = Math.ceil(bytes / BLOCK_BYTES);
  const sums = Buffer.alloc(count * SUM_BYTES);
  const kept = known && keptSums(known.sums, bytes);
  const blocks = new DatabaseBlocks(indexDir);
  for (let block = 0; block < count; block++) {
    const isKept = kept !== undefined && (block + 1) * SUM_BYTES <= kept.length && !known!.changed.has(block);
    const sum = isKept ? kept.readUInt32LE(block * SUM_BYTES) : crc32(blocks.read(block));
    sums.writeUInt32LE(sum, block * SUM_BYTES);
  }
  return { bytes, stamp, blocks: sums.toString('base64') };
}

/** Those of whole blocks, where the file has grown or become shorter: of its last one more or less counts now. */
function keptSums(sums: Sums, bytes: number): Buffer {
  const all = Buffer.from(sums.blocks, 'base64');
  if (sums.bytes === bytes) return all;
  return all.subarray(0, Math.floor(Math.min(sums.bytes, bytes) / BLOCK_BYTES) * SUM_BYTES);
}

/** How many blocks of index.db are not what they were when it was sealed. */
export function damagedBlocks(indexDir: string, sealed: Sums): number {
  const isAsLong = databaseSize(indexDir) === sealed.bytes;
  return damagedAmong(indexDir, sealed, range(0, Infinity)) + (isAsLong ? 0 : 1);
}

/** The same for some of them; what is behind the sealed end does not count. In ascending order. */
export function damagedAmong(indexDir: string, sealed: Sums, among: Iterable<number>): number {
  const sums = Buffer.from(sealed.blocks, 'base64');
  const blocks = new DatabaseBlocks(indexDir);
  let damaged = 0;
  for (const block of among) {
    if (block >= sums.length / SUM_BYTES) break;
    if (crc32(blocks.read(block)) !== sums.readUInt32LE(block * SUM_BYTES)) damaged++;
  }
  return damaged;
}

export function* range(first: number, end: number): Generator<number> {
  for (let number = first; number < end; number++) yield number;
}

/**
 * For a reader: without reading the file while the file system says that nobody has written to it, and 0 where
 * a writer has begun meanwhile.
 */
export function damageSeenByReader(indexDir: string): number {
  return damageBySeal(indexDir, ({ stamp }) => stamp !== databaseStamp(indexDir));
}

/** Blocks that do not fit the seal; 0 without sums, and where a writer has begun meanwhile: what was read may be its work. */
function damageBySeal(indexDir: string, isToBeRead: (sums: Sums) => boolean): number {
  const text = readSealText(indexDir);
  const sums = parseSeal(text)?.sums;
  if (!sums || !isToBeRead(sums)) return 0;
  const damaged = damagedBlocks(indexDir, sums);
  return damaged > 0 && readSealText(indexDir) === text ? damaged : 0;
}

/**
 * An error that no sound index gives (a text where a number should be), as INDEX_DAMAGED where index.db is not what its
 * writer left; any other error as it is.
 */
export function asDamage(error: unknown, indexDir: string): unknown {
  if (!(error instanceof Error) || !ERRORS_OF_DAMAGE.has(error.name) || 'syscall' in error) return error;
  if (!isDamaged(indexDir)) return error;
  return new EmbedSearchError('INDEX_DAMAGED', `${databaseFile(indexDir)} is damaged: ${error.message}`, {
    cause: error,
    fix: MENDED_BY,
  });
}

function isDamaged(indexDir: string): boolean {
  try {
    return damageBySeal(indexDir, () => true) > 0;
  } catch {
    return false;
  }
}

export function parseSeal(text: string | undefined): Seal | undefined {
  if (text === undefined || text.slice(0, 8) !== checksum(text.slice(9))) return undefined;
  const { version, ...seal } = JSON.parse(text.slice(9)) as Seal & { version: number };
  return version === SEAL_VERSION ? seal : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

/** As it is on the disk: another text is another seal. */
export function readSealText(indexDir: string): string | undefined {
  try {
    return fs.readFileSync(path.join(indexDir, SEAL_FILE), 'utf8');
  } catch {
    return undefined;
  }
}
