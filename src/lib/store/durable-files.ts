import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { FileDetails, FileStorage } from './vectra-types.js';

/** vectra's storage, except that a file is whole and on the disk, or not there at all. */
export const durableFiles: FileStorage = {
  createFile: writeDurably,
  upsertFile: writeDurably,
  async createFolder(folder) {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    // Fault point: folder made
  },
  async deleteFile(file) {
    await fs.rm(file, { force: true });
  },
  async deleteFolder(folder) {
    await fs.rm(folder, { recursive: true, force: true });
  },
  async getDetails(file): Promise<FileDetails> {
    return { name: path.basename(file), path: file, isFolder: (await fs.stat(file)).isDirectory() };
  },
  async listFiles(folder, filter = 'all') {
    const entries = await fs.readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => filter === 'all' || entry.isDirectory() === (filter === 'folders'))
      .map((entry) => ({
        name: entry.name,
        path: path.join(folder, entry.name),
        isFolder: entry.isDirectory(),
      }));
  },
  async pathExists(file) {
    return fs.access(file).then(
      () => true,
      () => false,
    );
  },
  readFile: (file) => fs.readFile(file),
};

async function writeDurably(file: string, content: Buffer | string): Promise<void> {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await fs.open(temporary, 'wx', 0o600);
    try {
      // Fault point: temporary file made
      await handle.writeFile(content);
      // Fault point: temporary file written
      await handle.sync();
      // Fault point: temporary file synced
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
    // Fault point: temporary file renamed
  } catch (error) {
    await fs.rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(path.dirname(file));
}

/** A rename is on the disk only when its folder is. Windows cannot open a folder, and does not need it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
