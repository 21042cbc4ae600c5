import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openLocalStore } from '#dist/lib/store/local-store.js';
import { removeScratchFolders, scratchFolder } from '../proof/runs.js';
import { embedPending, randomNumbers } from '../store/made-up.js';
import { ROUNDS } from './rounds.js';

/** 60 s is the proof. */
const SECONDS = Math.min(60, ROUNDS * 0.3);

const program = (name: string) => fileURLToPath(new URL(`../fixtures/children/${name}.js`, import.meta.url));

afterAll(removeScratchFolders);

/** What one writer has said of its files so far, over all of its lives. */
class Ledger {
  readonly written = new Set<string>();
  readonly removed = new Set<string>();
  /** Begun and not acknowledged when it was killed: may be there or not. */
  readonly open = new Set<string>();
  next = 0;

  read(line: string): void {
    const [verb, file] = line.split(' ') as [string, string];
    if (verb === 'begins') {
      this.next = Number(path.basename(file, '.ts')) + 1;
      this.open.add(file);
    } else if (verb === 'wrote') {
      this.open.delete(file);
      this.written.add(file);
    } else if (verb === 'removes') {
      this.written.delete(file);
      this.open.add(file);
    } else if (verb === 'removed') {
      this.open.delete(file);
      this.removed.add(file);
    }
  }
}

test(`2 writers and 4 readers for ${SECONDS} s, the writers killed at random: no update is lost, no reader fails, no lock stays`, async () => {
  const indexDir = path.join(scratchFolder(), 'index');
  const random = randomNumbers(5);
  const ledgers = [new Ledger(), new Ledger()];
  const end = Date.now() + SECONDS * 1_000;
  let kills = 0;
  let longestWait = 0;

  const readers = Array.from({ length: 4 }, () => {
    const child = spawn(process.execPath, [program('store-reader'), indexDir], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // From the start: whoever fails has ended long before it is asked to.
    return { child, said: collect(child), closed: once(child, 'close') };
  });

  const writeUntilTheEnd = async (ledger: Ledger, name: string): Promise<void> => {
    while (Date.now() < end) {
      const child = spawn(process.execPath, [program('store-writer'), indexDir, name, String(ledger.next)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const said = collect(child);
      const closed = once(child, 'close');
      const started = Date.now();
      // A lock that a killed writer left behind would show here: nobody would ever begin.
      child.stdout.once('data', () => (longestWait = Math.max(longestWait, Date.now() - started)));
      await delay(400 + random() * 1_600);
      child.kill('SIGKILL');
      await closed;
      kills++;
      expect(said.stderr).toBe('');
      for (const line of said.stdout.split('\n').slice(0, -1)) ledger.read(line);
    }
  };
  await Promise.all(ledgers.map((ledger, index) => writeUntilTheEnd(ledger, `writer${index}`)));

  let reads = 0;
  for (const { child, said, closed } of readers) {
    child.kill('SIGTERM');
    await closed;
    expect(said.stderr).toBe('');
    reads += Number(said.stdout);
  }

  const writer = await openLocalStore(indexDir).openWriter({ root: '/' });
  await embedPending(writer, { all: true });
  await writer.sweep();
  expect(await writer.heal()).toBe(0);
  await writer.close();
  const reader = await openLocalStore(indexDir).openReader();
  const there = new Set([...reader.files()].map((file) => file.path));
  reader.close();
  let acknowledged = 0;
  for (const { written, removed, open } of ledgers) {
    acknowledged += written.size + removed.size;
    expect([...written].filter((file) => !there.has(file) && !open.has(file))).toEqual([]);
    expect([...removed].filter((file) => there.has(file) && !open.has(file))).toEqual([]);
  }
  console.log(
    `${kills} kills, ${acknowledged} updates acknowledged and none lost, ${reads} reads without an error, the lock free after at most ${longestWait} ms`,
  );
  expect(acknowledged).toBeGreaterThan(SECONDS);
  expect(reads).toBeGreaterThan(SECONDS);
});

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const said = { stdout: '', stderr: '' };
  child.stdout!.on('data', (data: Buffer) => (said.stdout += data.toString()));
  child.stderr!.on('data', (data: Buffer) => (said.stderr += data.toString()));
  return said;
}
