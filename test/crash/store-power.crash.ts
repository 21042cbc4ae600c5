import { cpSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type * as indexing from '#dist/lib/indexing/index-folder.js';
import { projectRoot } from '../e2e/cli.js';
import { contentsOf } from '../proof/contents.js';
import { PowerCutRecorder } from '../proof/power-cut.js';
import {
  completeIndex,
  leftovers,
  removeScratchFolders,
  scratchFolder,
  useDeterministicEmbedder,
  wholeIndex,
} from '../proof/runs.js';
import { DAMAGED, makeScenarios } from '../proof/scenarios.js';
import { randomNumbers } from '../store/made-up.js';
import { ROUNDS } from './rounds.js';

const OUTCOMES = ROUNDS * 2;

useDeterministicEmbedder();
afterAll(removeScratchFolders);

// At a tenth of the scale, so that a run has many steps.
const smallScale = pathToFileURL(path.join(projectRoot, 'dist-faults/lib/indexing/index-folder.js')).href;

describe('a power cut', () => {
  test(`${OUTCOMES} outcomes of cuts at every step: the index is of one piece, and the next run completes it`, async () => {
    const { indexFolder } = (await import(/* @vite-ignore */ smallScale)) as typeof indexing;
    const scenarios = await makeScenarios();
    const random = randomNumbers(31);
    const counts = { cuts: 0, dropped: 0 };
    for (const scenario of scenarios) {
      const home = scratchFolder();
      const indexDir = path.join(home, 'of/one/index');
      if (scenario.before !== undefined)
        cpSync(scenario.before, indexDir, { recursive: true, preserveTimestamps: true });
      const recorder = new PowerCutRecorder(home, indexDir);
      await recorder.record(
        async () => void (await indexFolder({ root: scenario.root, indexDir, rebuild: scenario.rebuild })),
      );
      const { moments } = recorder;
      // After the run, whatever was not synced is dropped: what it said that it did must stand.
      const cuts: [cut: number, random: (() => number) | 'none'][] = [[moments.length, 'none']];
      const each = Math.ceil(OUTCOMES / scenarios.length) - 1;
      for (let outcome = 0; outcome < each; outcome++) {
        // Each step in turn when there are rounds enough, else some of them.
        const cut = each >= moments.length ? outcome % moments.length : Math.floor(random() * moments.length);
        cuts.push([cut, random() < 0.3 ? 'none' : random]);
      }
      for (const [cut, chance] of cuts) {
        const into = scratchFolder();
        const generation = recorder.replay(cut, into, chance);
        const left = path.join(into, 'of/one/index');
        const about = JSON.stringify([scenario.name, cut, moments.length, moments[cut]?.operation, chance]);
        const found = await wholeIndex(left).catch((error: unknown) => {
          if (scenario.name === DAMAGED) return undefined;
          throw new Error(`after ${about}: ${String(error)}`, { cause: error });
        });
        if (scenario.name !== DAMAGED) expect([about, found?.generation ?? 0]).toEqual([about, generation]);
        if (cut === moments.length) expect(await contentsOf(left)).toEqual(scenario.expected);
        await completeIndex({ root: scenario.root, indexDir: left }).catch((error: unknown) => {
          throw new Error(`the run after ${about}: ${String(error)}`, { cause: error });
        });
        const contents = await contentsOf(left);
        if (contents.join('\n') !== scenario.expected.join('\n'))
          expect([about, contents]).toEqual([about, scenario.expected]);
        expect([about, leftovers(left)]).toEqual([about, []]);
        counts.cuts++;
        if (chance === 'none') counts.dropped++;
      }
    }
    console.log(
      `${counts.cuts} outcomes of power cuts, ${counts.dropped} with all dropped that was not synced: all whole, all completed`,
    );
  });
});
