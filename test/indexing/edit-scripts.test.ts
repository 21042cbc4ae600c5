import { afterAll, expect, test } from 'vitest';
import { verifies } from '../house/promises.js';
import { becomeNobody, runEditScript } from '../proof/edit-script.js';
import { removeScratchFolders, scratchFolder, useDeterministicEmbedder } from '../proof/runs.js';

useDeterministicEmbedder();
const becomeRootAgain = becomeNobody();
afterAll(() => {
  becomeRootAgain();
  removeScratchFolders();
});

// Three hundred of them: test/crash/store-edits.crash.ts.
test.each([1, 2, 3, 4])(
  'edits made up from seed %i, with runs between, come to what a fresh index is',
  async (seed) => {
    verifies('incremental-equals-fresh');
    const { script, incremental, fresh } = await runEditScript(seed, scratchFolder());
    expect({ seed, script, contents: incremental }).toEqual({ seed, script, contents: fresh });
  },
);
