import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BUFFER_BYTES = 256 * 1024;

/** Hex SHA-256 of a file, read through one buffer of 256 KiB whatever its size. Errors: those of the system. */
export async function fingerprintFile(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, BUFFER_BYTES, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(bytesRead === BUFFER_BYTES ? buffer : buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
