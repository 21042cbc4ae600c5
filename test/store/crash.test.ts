import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { embedPending, nearestTexts, randomNumbers, temporaryFolder, vectorOf } from './fixtures.js';

const commitLoop = fileURLToPath(new URL('children/commit-loop.js', import.meta.url));
const KILLS = 30;

/** The version that the index is of, after a check that it is of one only and that its vectors are its texts'. */
async function checkedVersion(folder: string): Promise<{ version: number; withVectors: number }> {
  const reader = await openLocalStore(folder).openReader();
  try {
    const files = [...reader.files()];
    if (files.length === 0) return { version: 0, withVectors: 0 };
    expect(files).toHaveLength(10);
    const versions = new Set<string>();
    let withVectors = 0;
    for (const { id, path: name } of files) {
      const chunks = [...reader.chunksOfFile(id)];
      expect(chunks.map(({ text }) => text.replace(/\d+$/u, ''))).toEqual([
        `file ${Number.parseInt(name, 10)} version `,
        `file ${Number.parseInt(name, 10)} stays`,
      ]);
      versions.add(/\d+$/u.exec(chunks[0]!.text)![0]);
      for (const chunk of chunks) {
        const vector = await reader.vectorOf(chunk.id);
        if (vector === undefined) continue;
        withVectors++;
        expect(vector).toEqual(vectorOf(chunk.text));
      }
    }
    expect(versions.size).toBe(1);
    expect(reader.counts()).toEqual({ files: 10, chunks: 20, withVectors });
    expect(reader.searchChunkWords([`version ${[...versions][0]}`], { limit: 99 }).ids).toHaveLength(10);
    expect(reader.searchChunkWords(['version'], { limit: 99 }).ids).toHaveLength(10);
    const [nearest] = await nearestTexts(reader, vectorOf('file 3 stays'), 1);
    expect(withVectors < 20 || nearest === 'file 3 stays').toBe(true);
    expect(reader.warnings).toEqual([]);
    return { version: Number([...versions][0]), withVectors };
  } finally {
    reader.close();
  }
}

describe('a writer that is killed', () => {
  it('at any moment leaves a whole generation, no lock, and nothing that the next run does not clear', async () => {
    const folder = temporaryFolder();
    const random = randomNumbers(Date.now());
    let last = { version: 0, withVectors: 0 };
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [commitLoop, folder, String(last.version + 1)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      expect(line.toString()).toBe('open\n');
      await delay(random() * 120);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const found = await checkedVersion(folder);
      expect(found.version).toBeGreaterThanOrEqual(last.version);
      // The texts that stay have had their vectors since the first round that came to its end.
      expect(found.withVectors).toBeGreaterThanOrEqual(Math.min(last.withVectors, 10));
      last = found;
    }
    expect(last.version).toBeGreaterThan(0);

    const writer = await openLocalStore(folder).openWriter({ root: '/' });
    await embedPending(writer, { all: true });
    await writer.sweep();
    expect(await writer.heal()).toBe(0);
    await writer.close();
    expect(await checkedVersion(folder)).toEqual({ version: last.version, withVectors: 20 });
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => path.basename(name).includes('tmp'))).toEqual([]);
  });
});
