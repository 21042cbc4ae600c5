import { createReadStream } from 'node:fs';

/** What tells a file from the one before it without reading it: bytes and milliseconds. */
export interface FileStamp {
  readonly bytes: number;
  readonly mtimeMs: number;
}

export function sameStamp(one: FileStamp, other: FileStamp): boolean {
  return one.bytes === other.bytes && one.mtimeMs === other.mtimeMs;
}

/** SHA-256 of a file's content, in hexadecimal; a gigabyte takes about a second. */
export async function hashFile(path: string): Promise<string> {
  // Loaded only where it is needed: it takes 0.7 MB of a child that seldom hashes.
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
