import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CUT_ANEW } from '#dist/lib/indexing/chunk-rules.js';
import { contentsOf } from '../proof/contents.js';
import {
  completeIndex,
  type EndedRun,
  inTwos,
  leftovers,
  type RunRequest,
  removeScratchFolders,
  runIndex,
  scratchFolder,
  useDeterministicEmbedder,
  wholeIndex,
} from '../proof/runs.js';
import { DAMAGED, makeScenarios, MIGRATION, type Scenario, startingFrom } from '../proof/scenarios.js';
import { randomNumbers } from '../store/made-up.js';
import { ROUNDS } from './rounds.js';

/** Of five, for each of 200 rounds: four at named steps and one at a random moment. */
const KILLS = ROUNDS * 5;
const SEED = Number(process.env['EMBED_SEARCH_CRASH_SEED'] ?? 99);

useDeterministicEmbedder();
afterAll(removeScratchFolders);

interface Kill {
  readonly scenario: Scenario;
  readonly request: Pick<RunRequest, 'build' | 'fault'>;
  readonly killAfter?: number;
}

describe('kill -9 of an index run', () => {
  let scenarios: Scenario[];
  const undisturbed = new Map<Scenario, EndedRun>();
  /** What the undisturbed runs came to. */
  const made = new Map<string, unknown>();
  beforeAll(async () => {
    scenarios = await makeScenarios();
    for (const scenario of scenarios) {
      const indexDir = path.join(scratchFolder(), 'index');
      startingFrom(scenario, indexDir);
      const run = await runIndex({
        build: 'dist-faults',
        options: { root: scenario.root, indexDir, rebuild: scenario.rebuild },
      });
      undisturbed.set(scenario, run);
      made.set(scenario.name, {
        contents: await contentsOf(indexDir),
        stderr: run.stderr,
        left: leftovers(indexDir),
      });
    }
  });

  /** Each point of each kind of run in turn, at a random one of its passes, with a few random moments between. */
  function kills(count: number): Kill[] {
    const random = randomNumbers(SEED);
    const schedule: Kill[] = [];
    while (schedule.length < count) {
      const round = scenarios.flatMap((scenario) => {
        const { milliseconds, report } = undisturbed.get(scenario)!;
        const atPoints = Object.entries(report!.passes).map(([point, passes]): Kill => {
          const pass = 1 + Math.floor(random() * passes);
          return { scenario, request: { build: 'dist-faults', fault: { point, pass } } };
        });
        const atMoments = Array.from({ length: 5 }, (_, moment): Kill => {
          const killAfter = milliseconds * (0.3 + random() * 0.7);
          return { scenario, request: { build: moment % 2 === 0 ? 'dist' : 'dist-faults' }, killAfter };
        });
        return [...atPoints, ...atMoments].map((kill) => ({ kill, place: random() }));
      });
      schedule.push(...round.sort((a, b) => a.place - b.place).map(({ kill }) => kill));
    }
    return schedule.slice(0, count);
  }

  test(`${KILLS} x: the index is of one piece, loses no vector, and the next run brings it to where an undisturbed one does`, async () => {
    for (const { name, expected } of scenarios)
      expect(made.get(name)).toEqual({ contents: expected, stderr: '', left: [] });
    const schedule = kills(KILLS);
    const tally: Record<string, number> = {};
    await inTwos(schedule, async ({ scenario, request, killAfter }) => {
      const indexDir = path.join(scratchFolder(), 'index');
      startingFrom(scenario, indexDir);
      const options = { root: scenario.root, indexDir };
      const about = JSON.stringify([scenario.name, request, killAfter]);
      const { signal, report } = await runIndex(
        { ...request, options: { ...options, rebuild: scenario.rebuild } },
        killAfter === undefined ? {} : { kill: () => delay(killAfter) },
      );
      const where = `${scenario.name}: ${killAfter === undefined ? request.fault!.point : 'a random moment'}`;
      if (signal === 'SIGKILL') tally[where] = (tally[where] ?? 0) + 1;
      else expect([about, report?.error?.code ?? 'DONE_IN_PART']).toEqual([about, 'DONE_IN_PART']);

      const found = await wholeIndex(indexDir).catch((error: unknown) => {
        if (scenario.name === DAMAGED) return undefined;
        throw new Error(`after ${about}: ${String(error)}`, { cause: error });
      });
      if (found === undefined && scenario.name !== DAMAGED)
        expect([about, scenario.before]).toEqual([about, undefined]);
      const { result, warnings } = await completeIndex(options).catch((error: unknown) => {
        throw new Error(`the run after ${about}: ${String(error)}`, { cause: error });
      });
      const isOdd = (warning: string) => scenario.name !== MIGRATION || warning !== CUT_ANEW;
      if (scenario.name !== DAMAGED) expect([about, warnings.filter(isOdd)]).toEqual([about, []]);
      // Nothing that had its vector is embedded again; a text that was too long is cut first.
      const unchanged = result.files.indexed === 0 && result.files.removed === 0;
      if (unchanged && found !== undefined)
        expect([about, result.chunks.embedded <= result.chunks.total - found.withVectors]).toEqual([
          about,
          true,
        ]);
      const contents = await contentsOf(indexDir);
      if (contents.join('\n') !== scenario.expected.join('\n'))
        expect([about, contents]).toEqual([about, scenario.expected]);
      expect([about, leftovers(indexDir)]).toEqual([about, []]);
    });
    const killed = Object.values(tally).reduce((sum, count) => sum + count, 0);
    const steps = Object.keys(tally).filter((where) => !where.endsWith('a random moment')).length;
    console.log(
      `${killed} kills in ${KILLS} runs of ${scenarios.length} kinds, at ${steps} named steps and at random: all whole, all completed`,
    );
    expect(killed).toBeGreaterThan(KILLS * 0.8);
  });
});
