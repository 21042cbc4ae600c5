import { createHash } from 'node:crypto';
import { realpathSync, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { asUserError } from '../errors.js';
import { decode, hasNul, SNIFFED_BYTES } from './decode.js';
import { machineMadeByName, machineMadeByText } from './machine-made.js';
import { isOutOfDescriptors, SAFE_OPEN_FLAGS } from './read-small-file.js';
import type { FoundFile, ReadOutcome, SkipReason } from './types.js';
import { DEFAULT_MAX_FILE_SIZE } from './walk.js';

/** To be counted up with any change to which texts are left out for what is in them: then all of these are looked at again. */
export const READING_RULES = '1';

export interface ReadTextOptions {
  /** bytes; without it a file may be as large as the walk found it, or as the default allows */
  readonly maxFileSize?: number;
}

/**
 * The text of a file that the walk found, with the hash of its bytes, or the reason why it has none to index. What is
 * returned is one state of the file: it was the same before and after reading. Only the first 8 KiB of a binary file
 * are read. Throws only where the machine is at its limit (MACHINE: too many open files).
 */
export async function readText(file: FoundFile, options: ReadTextOptions = {}): Promise<ReadOutcome> {
  const named = machineMadeByName(file.path);
  if (named !== undefined) return { ok: false, ...named };
  let handle: FileHandle | undefined;
  try {
    handle = await open(file.absolutePath, SAFE_OPEN_FLAGS);
    return await readOpen(handle, file, options.maxFileSize ?? Math.max(DEFAULT_MAX_FILE_SIZE, file.size));
  } catch (error) {
    return outcomeOf(error, file);
  } finally {
    await handle?.close();
  }
}

async function readOpen(handle: FileHandle, file: FoundFile, maxFileSize: number): Promise<ReadOutcome> {
  const before = await handle.stat({ bigint: true });
  if (!before.isFile()) return refused('not-a-file');
  if (!liesInRoot(file)) return refused('outside-root');
  if (before.size > maxFileSize) return refused('too-large', `${String(before.size)} bytes`);

  // One byte more than expected, so that a file that has grown meanwhile shows it.
  const buffer = Buffer.allocUnsafeSlow(Number(before.size) + 1);
  let filled = await fill(handle, buffer, 0, Math.min(buffer.length, SNIFFED_BYTES));
  if (hasNul(buffer.subarray(0, filled))) return refused('binary');
  filled = await fill(handle, buffer, filled, buffer.length);
  if (filled !== Number(before.size) || !isSame(before, await handle.stat({ bigint: true }))) {
    return refused('changed-while-reading');
  }

  const bytes = buffer.subarray(0, filled);
  if (hasNul(bytes)) return refused('binary');
  const decoded = decode(bytes);
  if (decoded === undefined) return refused('not-text');
  const made = machineMadeByText(file.path, decoded.text);
  if (made !== undefined) return { ok: false, ...made };
  return { ok: true, ...decoded, hash: createHash('sha256').update(bytes).digest('hex') };
}

/** Reads until `to` or the end of the file; resolves to where it stopped. */
async function fill(handle: FileHandle, buffer: Buffer, from: number, to: number): Promise<number> {
  for (let at = from; at < to;) {
    const { bytesRead } = await handle.read(buffer, at, to - at, at);
    if (bytesRead === 0) return at;
    at += bytesRead;
  }
  return to;
}

function isSame(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs;
}

/** Whether no folder on the way has become a link since the walk looked: then the real path is the walk's own. */
function liesInRoot(file: FoundFile): boolean {
  const path = file.path.split('/').join(sep);
  const root = file.absolutePath.slice(0, -path.length);
  return realpathSync.native(file.absolutePath) === join(realpathSync.native(root), path);
}

function outcomeOf(error: unknown, file: FoundFile): ReadOutcome {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) throw error;
  if (isOutOfDescriptors(error)) throw asUserError(error, `Cannot read ${file.absolutePath}`);
  if (code === 'ENOENT' || code === 'ENOTDIR') return refused('vanished');
  // A link or a socket stands where the file was.
  if (code === 'ELOOP' || code === 'ENXIO') return refused('not-a-file');
  return refused('not-readable', code);
}

function refused(reason: SkipReason, detail?: string): ReadOutcome {
  return detail === undefined ? { ok: false, reason } : { ok: false, reason, detail };
}
