import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { addFiles, type Document, makeFolder, runJson, SMALL_PROJECT } from './cli.js';
import { paragraphs } from './prose.js';
import { fill, makeDisk } from './small-disk.js';

// From no room for the lock, over the words, staged vectors and a shard, to enough for all.
const KILOBYTES = [0, 16, 64, 150, 220, 300, 400, 1500];

test('wherever the disk is full, a run exits 8, the index answers, and with room the next run completes', async (context) => {
  verifies('old-generation-answers');
  const disk = makeDisk(4);
  if (disk === undefined)
    return context.skip('only root on Linux, where it may mount, can make a small disk');
  const folder = makeFolder(SMALL_PROJECT);
  const indexDir = path.join(disk, 'index');
  const index = () => runJson(['index', folder, '--index-dir', indexDir]);
  const failures = async (): Promise<Document[]> => {
    const failed: Document[] = [];
    for (const kilobytes of KILOBYTES) {
      fill(disk, kilobytes);
      const { exitCode, document } = await index();
      const asked = await runJson(['query', 'retry upload', '--path', folder, '--index-dir', indexDir]);
      rmSync(path.join(disk, 'ballast'));
      expect(asked.document).toMatchObject({ ok: true });
      expect(asked.document.result.hits[0]).toMatchObject({ path: 'src/upload.ts' });
      if (exitCode === 0) return failed;
      expect([kilobytes, exitCode, document.error.code]).toEqual([kilobytes, 8, 'NO_SPACE']);
      failed.push(asked.document.result.coverage);
    }
    return failed;
  };
  expect((await index()).exitCode).toBe(0);
  const { chunks: few } = (await index()).document.result;

  addFiles(folder, { 'large.txt': paragraphs(100) });
  const coverages = await failures();
  // Some runs came to grief over the words, others over the vectors.
  expect(coverages.filter(({ chunks }) => chunks === few.total).length).toBeGreaterThan(2);
  expect(coverages.filter(({ chunks }) => chunks > few.total).length).toBeGreaterThan(0);
  const { result } = (await index()).document;
  expect(result.chunks.withVectors).toBe(result.chunks.total);

  // Now most of it goes: what is left is tidied up, for which room is needed too.
  rmSync(path.join(folder, 'large.txt'));
  expect((await failures()).length).toBeGreaterThan(1);
  expect((await index()).document.result.chunks).toMatchObject({ total: few.total, withVectors: few.total });
  const left = readdirSync(indexDir, { recursive: true, encoding: 'utf8' });
  expect(left.filter((name) => /tmp|journal|pid/u.test(name))).toEqual([]);
});
