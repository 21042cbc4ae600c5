import { afterAll, expect, test } from 'vitest';
import { becomeNobody, runEditScript } from '../proof/edit-script.js';
import { inTwos, removeScratchFolders, scratchFolder, useDeterministicEmbedder } from '../proof/runs.js';
import { ROUNDS } from './rounds.js';

/** 300 scripts are the proof; EMBED_SEARCH_EDIT_SEED names the first one, to meet a failure again. */
const SCRIPTS = Math.ceil(ROUNDS * 1.5);
const FIRST_SEED = Number(process.env['EMBED_SEARCH_EDIT_SEED'] ?? 1_000);

useDeterministicEmbedder();
const becomeRootAgain = becomeNobody();
afterAll(() => {
  becomeRootAgain();
  removeScratchFolders();
});

test(`${SCRIPTS} random edit scripts with incremental runs: equal to a fresh index, vector for vector, score for score, problem for problem`, async () => {
  const folder = scratchFolder();
  const seeds = Array.from({ length: SCRIPTS }, (_, index) => FIRST_SEED + index);
  let lines = 0;
  let edits = 0;
  await inTwos(seeds, async (seed) => {
    const { script, incremental, fresh } = await runEditScript(seed, folder).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    });
    expect({ seed, script, contents: incremental }).toEqual({ seed, script, contents: fresh });
    lines += fresh.length;
    edits += script.length;
  });
  console.log(`${SCRIPTS} scripts of ${edits} steps, ${lines} lines of contents compared, all equal`);
});
