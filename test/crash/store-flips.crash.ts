import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { embeddingText } from '#dist/lib/corpus/embedding-text.js';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { readSeal, sumsOf, writeSeal } from '#dist/lib/store/seal.js';
import { contentsOf } from '../proof/contents.js';
import { regionsOf, type Region } from '../proof/regions.js';
import {
  completeIndex,
  copyFolder,
  expectedVector,
  inTwos,
  leftovers,
  removeScratchFolders,
  runIndex,
  scratchFolder,
  useDeterministicEmbedder,
  wholeIndex,
} from '../proof/runs.js';
import { makeTree } from '../proof/tree.js';
import { randomNumbers } from '../store/made-up.js';
import { ROUNDS } from './rounds.js';

const FLIPS = Math.round(ROUNDS * 2.5);
const ASK_INDEX = fileURLToPath(new URL('../fixtures/children/ask-index.js', import.meta.url));

useDeterministicEmbedder();
afterAll(removeScratchFolders);

interface Said {
  readonly answers?: readonly unknown[];
  readonly warnings?: readonly string[];
  readonly code?: string;
  readonly message?: string;
  readonly stack?: string;
}

interface Flip {
  readonly region: Region;
  readonly at: number;
  readonly bit: number;
}

describe('a bit that flips', () => {
  let root: string;
  let sound: string;
  let killed: string;
  let expected: readonly string[];
  let questions: string;

  beforeAll(async () => {
    root = scratchFolder();
    makeTree(root, randomNumbers(7));
    sound = path.join(scratchFolder(), 'index');
    await runIndex({ build: 'dist-faults', options: { root, indexDir: sound } });
    expected = await contentsOf(sound);
    // With a log, vectors that wait in SQLite, and no seal: what a run leaves that is killed at its end.
    killed = path.join(scratchFolder(), 'index');
    await runIndex({
      build: 'dist-faults',
      options: { root, indexDir: killed },
      fault: { point: 'shard written', pass: 6 },
    });
    const reader = await openLocalStore(sound).openReader();
    const vectors: number[][] = [];
    for (const file of reader.files())
      for (const chunk of reader.chunksOfFile(file.id))
        if (vectors.length < 6 && embeddingText(chunk).length > 100) vectors.push([...expectedVector(chunk)]);
    reader.close();
    questions = path.join(scratchFolder(), 'questions.json');
    writeFileSync(
      questions,
      JSON.stringify({
        words: [
          ['river'],
          ['stone', 'morning'],
          ['engine', 'copper', 'part'],
          ['elongated'],
          ['silver', 'meadow'],
        ],
        vectors,
      }),
    );
  });

  /** By region, each kind the same number of times as far as it has bytes. */
  function sample(indexDir: string, count: number): Flip[] {
    const kinds = new Map<string, Region[]>();
    const copy = path.join(scratchFolder(), 'index');
    copyFolder(indexDir, copy); // to look at a log takes it in
    for (const region of regionsOf(copy)) kinds.set(region.name, [...(kinds.get(region.name) ?? []), region]);
    const random = randomNumbers(77);
    const flips: Flip[] = [];
    while (flips.length < count)
      for (const regions of kinds.values()) {
        const region = regions[Math.floor(random() * regions.length)]!;
        const at = region.start + Math.floor(random() * (region.end - region.start));
        flips.push({ region, at, bit: 1 << Math.floor(random() * 8) });
      }
    return flips.slice(0, count);
  }

  function flip(original: string, { region, at, bit }: Flip): string {
    const indexDir = path.join(scratchFolder(), 'index');
    copyFolder(original, indexDir);
    const file = path.join(indexDir, region.file);
    const bytes = readFileSync(file);
    bytes[at]! ^= bit;
    writeFileSync(file, bytes);
    return indexDir;
  }

  async function ask(...indexDirs: string[]): Promise<Said[]> {
    const child = spawn(process.execPath, [ASK_INDEX, questions, ...indexDirs], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (data: Buffer) => (output.stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output.stderr += data.toString()));
    const ended = await new Promise((resolve) =>
      child.once('close', (code, signal) => resolve([code, signal])),
    );
    expect([indexDirs, ended, output.stderr]).toEqual([indexDirs, [0, null], '']);
    return output.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Said);
  }

  test(`${FLIPS} of them in every region of every file: found or harmless, never a wrong answer without a warning, never a crash, and healed by the next run`, async () => {
    const [right] = await ask(sound);
    expect(right!.warnings).toEqual([]);
    const tally: Record<string, Record<string, number>> = {};
    const wrong: unknown[] = [];
    await inTwos(sample(sound, FLIPS), async (each) => {
      const about = JSON.stringify([each.region.name, each.region.file, each.at, each.bit]);
      const indexDir = flip(sound, each);
      const [said] = await ask(indexDir);
      const outcome = judge(said!, right!);
      const counts = (tally[each.region.name] ??= {});
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (outcome.startsWith('WRONG')) wrong.push([about, outcome, said!.stack]);
      await completeIndex({ root, indexDir }).catch((error: unknown) =>
        wrong.push([about, 'the next run', (error as Error).stack]),
      );
      const contents = await contentsOf(indexDir).catch((error: unknown) => [String(error)]);
      if (contents.join('\n') !== expected.join('\n'))
        wrong.push([about, 'not healed', contents.filter((line) => !expected.includes(line)).slice(0, 5)]);
      const [healed] = await ask(indexDir);
      if (healed!.code !== undefined || healed!.warnings!.length > 0)
        wrong.push([about, 'not well after the next run', healed!.code, healed!.warnings]);
      if (leftovers(indexDir).length > 0) wrong.push([about, leftovers(indexDir)]);
    });
    console.log(JSON.stringify(tally));
    expect(wrong).toEqual([]);
  });

  test('in index.db behind the back of the file system: found or harmless, and the next run heals it', async () => {
    const [right] = await ask(sound);
    const tally: Record<string, number> = {};
    const wrong: unknown[] = [];
    const inDatabase = sample(sound, FLIPS * 2).filter(({ region }) => region.name.startsWith('index.db'));
    await inTwos(inDatabase.slice(0, FLIPS / 5), async (each) => {
      const about = JSON.stringify([each.region.name, each.at, each.bit]);
      const indexDir = flip(sound, each);
      // A disk that fails changes no time of the file.
      const seal = readSeal(indexDir)!;
      await writeSeal(indexDir, { ...seal, sums: { ...seal.sums!, stamp: sumsOf(indexDir).stamp } });
      const [said] = await ask(indexDir);
      const outcome = judge(said!, right!);
      tally[outcome] = (tally[outcome] ?? 0) + 1;
      if (outcome.startsWith('WRONG')) wrong.push([about, outcome, said!.stack]);
      const { warnings } = await completeIndex({ root, indexDir });
      expect([about, warnings]).toEqual([about, [expect.stringMatching(/index\.db was damaged/u)]]);
      const contents = await contentsOf(indexDir);
      if (contents.join('\n') !== expected.join('\n')) wrong.push([about, 'not healed']);
    });
    console.log(`a failing disk under index.db: ${JSON.stringify(tally)}; all healed by the next run`);
    expect(wrong).toEqual([]);
  });

  test('in the log that a killed run left: the index is of one piece or says that it is not, and the next run completes it', async () => {
    const tally: Record<string, number> = {};
    const inLog = sample(killed, FLIPS * 10).filter(({ region }) => region.name.startsWith('index.db-wal'));
    expect(inLog.length).toBeGreaterThan(FLIPS / 10);
    await inTwos(inLog.slice(0, FLIPS / 10), async (each) => {
      const about = JSON.stringify([each.region.name, each.at, each.bit]);
      const indexDir = flip(killed, each);
      const found = await wholeIndex(indexDir).then(
        (whole) => `generation ${whole === undefined ? 'none' : 'of one piece'}`,
        (error: { code?: string; message?: string }) => error.code ?? `NOT WHOLE: ${error.message}`,
      );
      expect([about, found]).toEqual([about, expect.stringMatching(/^(generation|INDEX_DAMAGED)/u)]);
      tally[found] = (tally[found] ?? 0) + 1;
      await completeIndex({ root, indexDir });
      const contents = await contentsOf(indexDir);
      if (contents.join('\n') !== expected.join('\n')) expect([about, contents]).toEqual([about, expected]);
    });
    console.log(`in a log: ${JSON.stringify(tally)}`);
  });
});

function judge({ answers, warnings = [], code, message }: Said, right: Said): string {
  if (code !== undefined)
    return /^(INDEX_|MACHINE|NO_)/u.test(code) ? `found: ${code}` : `WRONG: ${code} ${message}`;
  if (JSON.stringify(answers) === JSON.stringify(right.answers))
    return warnings.length > 0 ? 'found, answers right' : 'harmless';
  return warnings.length > 0 ? 'found, said' : 'WRONG: another answer without a warning';
}
