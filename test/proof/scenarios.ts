import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SEAL_FILE } from '#dist/lib/store/seal.js';
import { Sqlite } from '#dist/lib/store/sqlite.js';
import { randomNumbers } from '../store/made-up.js';
import { contentsOf } from './contents.js';
import { completeIndex, copyFolder, runIndex, scratchFolder, type RunRequest } from './runs.js';
import { editTree, makeTree } from './tree.js';

/** A kind of run, with the index that it starts from and the contents that it must come to. */
export interface Scenario {
  readonly name: string;
  readonly root: string;
  /** The index before the run, to be copied; undefined where there is none. */
  readonly before: string | undefined;
  readonly rebuild: boolean;
  readonly expected: readonly string[];
}

async function scenario(
  name: string,
  prepare: (root: string, indexed: () => Promise<string>) => Promise<string | undefined>,
  rebuild = false,
): Promise<Scenario> {
  const root = scratchFolder();
  const indexDir = path.join(scratchFolder(), 'index');
  makeTree(root, randomNumbers(7));
  const before = await prepare(root, async () => {
    await smallIndex({ root, indexDir });
    return indexDir;
  });
  const fresh = path.join(scratchFolder(), 'index');
  await completeIndex({ root, indexDir: fresh });
  return { name, root, before, rebuild, expected: await contentsOf(fresh) };
}

async function smallIndex(options: RunRequest['options']): Promise<void> {
  const { report, stderr } = await runIndex({ build: 'dist-faults', options });
  if (report?.chunks === undefined)
    throw new Error(`the state could not be prepared: ${JSON.stringify(report)} ${stderr}`);
}

/** Begins with an index that cannot be trusted, and says so until the run has mended it. */
export const DAMAGED = 'a damaged database';

/** Begins with an index whose files were cut by other rules, and says so until a run has come to its end. */
export const MIGRATION = 'migration';

/** Every kind of run that writes an index. */
export async function makeScenarios(): Promise<Scenario[]> {
  return [
    await scenario('first index', async () => undefined),
    await scenario('incremental', async (root, indexed) => {
      const before = await indexed();
      editTree(root, randomNumbers(8));
      return before;
    }),
    await scenario('merge of small shards', async (root, indexed) => {
      let before = await indexed();
      for (let round = 1; round < 8; round++) {
        editTree(root, randomNumbers(20 + round), round);
        before = await indexed();
      }
      editTree(root, randomNumbers(9), 8);
      return before;
    }),
    await scenario('sweep', async (root, indexed) => {
      const before = await indexed();
      for (const folder of readdirSync(root).slice(0, 12))
        rmSync(path.join(root, folder), { recursive: true });
      return before;
    }),
    await scenario(MIGRATION, async (root, indexed) => {
      const before = await indexed();
      const database = new Sqlite(path.join(before, 'index.db'), { busyMilliseconds: 5000 });
      database.run(`update meta set value = 'of another time' where key = 'words'`);
      database.run(`delete from meta where key = 'chunkRules'`);
      for (const column of ['size', 'mtime_ms', 'inode'])
        database.exec(`alter table file_problems drop column ${column}`);
      database.exec('pragma user_version = 1');
      database.close();
      rmSync(path.join(before, SEAL_FILE)); // what an older program wrote has none
      editTree(root, randomNumbers(10), 4);
      return before;
    }),
    await scenario('rebuild', async (_root, indexed) => indexed(), true),
    await scenario(DAMAGED, async (_root, indexed) => {
      const before = await indexed();
      const file = path.join(before, 'index.db');
      const bytes = readFileSync(file);
      bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 5_000);
      writeFileSync(file, bytes);
      return before;
    }),
  ];
}

/** A copy of the index that the scenario starts from, at `to`. */
export function startingFrom({ before }: Scenario, to: string): void {
  rmSync(to, { recursive: true, force: true });
  if (before !== undefined) copyFolder(before, to);
}
