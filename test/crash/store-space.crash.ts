import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contentsOf } from '../proof/contents.js';
import {
  completeIndex,
  inTwos,
  leftovers,
  removeScratchFolders,
  type RunLimits,
  type RunReport,
  type RunRequest,
  runIndex,
  scratchFolder,
  useDeterministicEmbedder,
  wholeIndex,
} from '../proof/runs.js';
import { makeScenarios, type Scenario, startingFrom } from '../proof/scenarios.js';
import { mountSmallDisk, type SmallDisk } from '../proof/small-disk.js';
import { ROUNDS } from './rounds.js';

/** Of the points of each case, all are tried with 200 rounds, some of them with fewer. */
const some = <T>(points: readonly T[]): T[] =>
  points.filter((_, index) => index % Math.ceil(200 / ROUNDS) === 0);

useDeterministicEmbedder();

let scenarios: Scenario[];
beforeAll(async () => {
  scenarios = await makeScenarios();
});
afterAll(removeScratchFolders);

const named = (name: string): Scenario => scenarios.find((scenario) => scenario.name === name)!;

/** Runs in trouble: it must end with exit 8 and say why, or come to its end; the index answers; the next run completes it. */
async function meets(
  scenario: Scenario,
  indexDir: string,
  about: unknown,
  request: Omit<RunRequest, 'options'>,
  limits: RunLimits,
  afterwards: () => void = () => undefined,
): Promise<RunReport['error']> {
  const label = JSON.stringify([scenario.name, about]);
  const options = { root: scenario.root, indexDir };
  const { report, signal, stderr } = await runIndex(
    { ...request, options: { ...options, rebuild: scenario.rebuild } },
    limits,
  );
  expect([label, signal, stderr, report === undefined]).toEqual([label, null, '', false]);
  const error = report!.error?.code === 'DONE_IN_PART' ? null : report!.error;
  if (error !== null) {
    // Without a descriptor for its pipe, it is the embedder that cannot be started.
    expect([label, error.exitCode, error]).toEqual([label, error.code === 'EMBEDDER_FAILED' ? 5 : 8, error]);
    expect([label, error.fix]).toEqual([label, expect.stringMatching(/\w+/u)]);
  }
  const found = await wholeIndex(indexDir).catch((thrown: unknown) => {
    throw new Error(`after ${label}: ${String(thrown)}`, { cause: thrown });
  });
  if (found === undefined) expect([label, scenario.before]).toEqual([label, undefined]);
  afterwards();
  await completeIndex(options).catch((thrown: unknown) => {
    throw new Error(`the run after ${label}: ${String(thrown)}`, { cause: thrown });
  });
  const contents = await contentsOf(indexDir);
  if (contents.join('\n') !== scenario.expected.join('\n'))
    expect([label, contents]).toEqual([label, scenario.expected]);
  expect([label, leftovers(indexDir)]).toEqual([label, []]);
  return error;
}

function tally(errors: readonly RunReport['error'][]): string {
  const codes = new Map<string, number>();
  for (const error of errors)
    codes.set(error?.code ?? 'completed', (codes.get(error?.code ?? 'completed') ?? 0) + 1);
  return [...codes].map(([code, count]) => `${code} ${count}`).join(', ');
}

describe('no space', () => {
  let disk: SmallDisk | undefined;
  beforeAll(() => {
    disk = mountSmallDisk(scratchFolder(), 24);
  });
  afterAll(() => disk?.unmount());

  const KILOBYTES = [
    0, 4, 16, 32, 40, 64, 96, 128, 192, 256, 320, 384, 448, 512, 640, 768, 1024, 1280, 1536, 2048,
  ];

  test('a disk that is full at 20 points of words, vectors, merge and sweep: exit 8, the index answers, and with room the next run completes', async (context) => {
    if (disk === undefined)
      return context.skip('only root on Linux, where it may mount, can make a small disk');
    const errors: RunReport['error'][] = [];
    for (const name of ['first index', 'incremental', 'merge of small shards', 'sweep', 'rebuild']) {
      for (const kilobytes of some(KILOBYTES)) {
        const indexDir = path.join(disk.folder, 'index');
        disk.empty();
        startingFrom(named(name), indexDir);
        disk.fill(kilobytes);
        errors.push(
          await meets(named(name), indexDir, `${kilobytes} KB`, { build: 'dist-faults' }, {}, () =>
            disk!.empty(),
          ),
        );
      }
    }
    console.log(`full disk: ${tally(errors)}`);
    expect(errors.filter((error) => error?.code === 'NO_SPACE').length).toBeGreaterThanOrEqual(ROUNDS / 10);
    expect(errors.filter((error) => error !== null && error.code !== 'NO_SPACE')).toEqual([]);
  });

  test('a folder that is read-only: exit 8, and the index answers', async (context) => {
    const other = mountSmallDisk(scratchFolder(), 24);
    if (other === undefined)
      return context.skip('only root on Linux, where it may mount, can make a read-only disk');
    const indexDir = path.join(other.folder, 'index');
    try {
      startingFrom(named('incremental'), indexDir);
      expect(other.setReadOnly(true)).toBe(true);
      const error = await meets(named('incremental'), indexDir, 'read-only', { build: 'dist' }, {}, () =>
        other.setReadOnly(false),
      );
      expect(error).toMatchObject({ code: 'NO_PERMISSION' });
    } finally {
      other.unmount();
    }
  });

  test('a largest file size (ulimit -f) at 20 points: exit 8, the index answers, the next run completes', async () => {
    const errors: RunReport['error'][] = [];
    const points = some(Array.from({ length: 20 }, (_, index) => index * 120));
    await inTwos(points, async (blocks) => {
      for (const name of ['incremental', 'sweep']) {
        const indexDir = path.join(scratchFolder(), 'index');
        startingFrom(named(name), indexDir);
        const by = ['sh', '-c', `trap "" XFSZ; ulimit -f ${blocks}; exec "$@"`, 'sh'];
        errors.push(await meets(named(name), indexDir, `${blocks} blocks`, { build: 'dist-faults' }, { by }));
      }
    });
    console.log(`largest file size: ${tally(errors)}`);
    expect(errors.filter((error) => error !== null).length).toBeGreaterThan(0);
  });
});

test.skipIf(process.platform !== 'linux')(
  'too few file descriptors: exit 8 or 5 or done, the index answers, the next run completes',
  async () => {
    const errors: RunReport['error'][] = [];
    const points = some(Array.from({ length: 20 }, (_, index) => index));
    await inTwos(points, async (descriptors) => {
      const indexDir = path.join(scratchFolder(), 'index');
      startingFrom(named('incremental'), indexDir);
      errors.push(
        await meets(named('incremental'), indexDir, { descriptors }, { build: 'dist', descriptors }, {}),
      );
    });
    console.log(`file descriptors: ${tally(errors)}`);
    expect(errors.filter((error) => error !== null).length).toBeGreaterThan(0);
  },
);

test('a path that is too long: exit 8, said at once, and nothing is left', async () => {
  const root = named('incremental').root;
  const home = scratchFolder();
  const name = await runIndex({
    build: 'dist',
    options: { root, indexDir: path.join(home, 'x'.repeat(300)) },
  });
  expect(name.report?.error).toMatchObject({
    code: 'MACHINE',
    exitCode: 8,
    message: expect.stringMatching(/too long/u),
  });
  // So long that the folder can be made, and what is in it cannot be named.
  let deep = home;
  while (deep.length < 4_070) deep = path.join(deep, 'y'.repeat(Math.min(200, 4_075 - deep.length)));
  mkdirSync(path.dirname(deep), { recursive: true });
  const folder = await runIndex({ build: 'dist', options: { root, indexDir: deep } });
  expect(folder.report?.error).toMatchObject({ exitCode: 8 });
});

test('an error of the system at every named step (disk full, quota, descriptors, input and output): exit 8, the index answers, the next run completes', async () => {
  const errors: RunReport['error'][] = [];
  const cases = ['first index', 'incremental', 'sweep', 'rebuild'].map(async (name) => {
    const indexDir = path.join(scratchFolder(), 'index');
    startingFrom(named(name), indexDir);
    const { report } = await runIndex({
      build: 'dist-faults',
      options: { root: named(name).root, indexDir, rebuild: named(name).rebuild },
    });
    return Object.entries(report!.passes).flatMap(([point, passes]) =>
      ['ENOSPC', 'EDQUOT', 'EMFILE', 'EIO'].map((error, index) => ({
        name,
        fault: { point, pass: 1 + Math.floor((passes * index) / 4), error },
      })),
    );
  });
  const faults = some((await Promise.all(cases)).flat());
  await inTwos(faults, async ({ name, fault }) => {
    const indexDir = path.join(scratchFolder(), 'index');
    startingFrom(named(name), indexDir);
    const error = await meets(named(name), indexDir, fault, { build: 'dist-faults', fault }, {});
    errors.push(error);
  });
  console.log(`errors at named steps: ${tally(errors)}`);
  // A run that could do all but seal what it wrote has done its work.
  expect(errors.filter((error) => error !== null).length).toBeGreaterThan(faults.length * 0.8);
});
