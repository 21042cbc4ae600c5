import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { EmbedSearchError } from '../errors.js';
import { durableFiles } from './durable-files.js';
import type { IndexIdentity, ModelFileNote } from './types.js';

export const SEAL_FILE = 'index.seal';
const SEAL_VERSION = 1;
const BLOCK_BYTES = 64 * 1024;

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
interface Sums {
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
  return parseSeal(readOrUndefined(path.join(indexDir, SEAL_FILE)));
}

export async function writeSeal(indexDir: string, seal: Seal): Promise<void> {
  const text = JSON.stringify({ version: SEAL_VERSION, ...seal });
  await durableFiles.upsertFile(path.join(indexDir, SEAL_FILE), `${checksum(text)} ${text}`);
}

/** Of index.db as it stands on the disk: its log has to be empty, and nobody may be writing. */
export function sumsOf(indexDir: string): Sums {
  const { stamp } = stampOf(indexDir);
  const sums: number[] = [];
  let bytes = 0;
  for (const block of blocksOf(indexDir)) {
    sums.push(crc32(block));
    bytes += block.length;
  }
  return { bytes, stamp, blocks: Buffer.from(Uint32Array.from(sums).buffer).toString('base64') };
}

/** How many blocks of index.db are not what they were when it was sealed. */
export function damagedBlocks(indexDir: string, sealed: Sums): number {
  const found = sumsOf(indexDir);
  const [was, is] = [Buffer.from(sealed.blocks, 'base64'), Buffer.from(found.blocks, 'base64')];
  let damaged = found.bytes === sealed.bytes ? 0 : 1;
  for (let at = 0; at < was.length && at < is.length; at += 4)
    if (was.readUInt32LE(at) !== is.readUInt32LE(at)) damaged++;
  return damaged;
}

/**
 * The same for a reader: without reading the file while the file system says that nobody has written to it, and 0 where
 * a writer has begun meanwhile.
 */
export function damageSeenByReader(indexDir: string): number {
  const file = path.join(indexDir, SEAL_FILE);
  const text = readOrUndefined(file);
  const sums = parseSeal(text)?.sums;
  if (!sums || sums.stamp === stampOf(indexDir).stamp) return 0;
  const damaged = damagedBlocks(indexDir, sums);
  return damaged > 0 && readOrUndefined(file) === text ? damaged : 0;
}

/**
 * An error that no sound index gives (a text where a number should be), as INDEX_DAMAGED where index.db is not what its
 * writer left; any other error as it is.
 */
export function asDamage(error: unknown, indexDir: string): unknown {
  if (!(error instanceof Error) || !ERRORS_OF_DAMAGE.has(error.name) || 'syscall' in error) return error;
  const sums = readSeal(indexDir)?.sums;
  if (!sums || damagedBlocks(indexDir, sums) === 0) return error;
  const file = path.join(indexDir, 'index.db');
  return new EmbedSearchError('INDEX_DAMAGED', `${file} is damaged: ${error.message}`, {
    cause: error,
    fix: MENDED_BY,
  });
}

function parseSeal(text: string | undefined): Seal | undefined {
  if (text === undefined || text.slice(0, 8) !== checksum(text.slice(9))) return undefined;
  const { version, ...seal } = JSON.parse(text.slice(9)) as Seal & { version: number };
  return version === SEAL_VERSION ? seal : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function readOrUndefined(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function stampOf(indexDir: string): { stamp: string; key: string } {
  const { size, mtimeNs, ctimeNs, ino, dev } = fs.statSync(path.join(indexDir, 'index.db'), { bigint: true });
  return { stamp: [size, mtimeNs, ctimeNs, ino].join(' '), key: `${dev} ${ino}` };
}

/**
 * Open for as long as this process lives or until the file is deleted: when any descriptor of a file is closed, the
 * system forgets all locks that the process has on it (fcntl), those of SQLite's own connections too.
 */
const descriptors = new Map<string, number>();

function closeThoseOfDeletedFiles(): void {
  for (const [key, descriptor] of descriptors) {
    if (fs.fstatSync(descriptor).nlink > 0) continue;
    fs.closeSync(descriptor);
    descriptors.delete(key);
  }
}

function* blocksOf(indexDir: string): Generator<Buffer> {
  closeThoseOfDeletedFiles();
  const { key } = stampOf(indexDir);
  const descriptor = descriptors.get(key) ?? fs.openSync(path.join(indexDir, 'index.db'), 'r');
  descriptors.set(key, descriptor);
  const buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  for (let offset = 0; ;) {
    let filled = 0;
    while (filled < BLOCK_BYTES) {
      const read = fs.readSync(descriptor, buffer, filled, BLOCK_BYTES - filled, offset + filled);
      if (read === 0) break;
      filled += read;
    }
    if (filled > 0) yield buffer.subarray(0, filled);
    if (filled < BLOCK_BYTES) return;
    offset += filled;
  }
}
