import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { liveSessions, publishSession } from '#dist/lib/diagnostics/sessions.js';
import { memoryReport } from '#dist/lib/memory.js';
import { makeFolder, run, SMALL_PROJECT, start } from '../e2e/cli.js';
import { verifies } from '../house/promises.js';

const LINUX = process.platform === 'linux';

function kernelBytes(pid: number, field: string): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(rollup)![1]) * 1024;
}

describe('sessions', () => {
  test.runIf(LINUX)(
    'doctor --watch shows what the kernel says of host and embedder at that moment',
    async () => {
      verifies('memory-is-what-the-kernel-says');
      const folder = makeFolder(SMALL_PROJECT);
      expect(await run(['index', folder])).toMatchObject({ exitCode: 0 });
      const figures: [shown: number, kernel: number][] = [];
      const host = start(['query', '--batch', '-', '--path', folder], { stdin: 'pipe' });
      host.stdin!.write('where is a failed upload tried again\n');
      const watch = start(['doctor', '--watch', '--json', '--path', folder], { buffer: false });
      try {
        for await (const line of watch.iterable()) {
          const { sessions } = JSON.parse(String(line)).result;
          const shown = sessions.find((session: { pid: number }) => session.pid === host.pid)?.memory;
          if (!shown?.embedder) continue;
          const { pid, rssBytes, anonymousBytes } = shown.embedder;
          figures.push([shown.host.rssBytes, kernelBytes(host.pid!, 'Rss')]);
          figures.push([rssBytes, kernelBytes(pid, 'Rss')]);
          figures.push([anonymousBytes, kernelBytes(pid, 'Anonymous')]);
          watch.kill(); // the loop ends with it
        }
      } finally {
        watch.kill();
        host.stdin!.end();
        await Promise.all([watch, host]);
      }
      expect(figures.length).toBeGreaterThanOrEqual(3);
      for (const [shown, kernel] of figures) expect(Math.abs(shown / kernel - 1)).toBeLessThan(0.05);
    },
  );

  test('what a killed command has left is passed over, and a command that ends takes its entry with it', async () => {
    const folder = makeFolder();
    mkdirSync(path.join(folder, 'sessions'));
    const dead = {
      pid: process.pid,
      birth: '1',
      command: 'index',
      startedAt: '',
      memory: memoryReport(undefined),
    };
    writeFileSync(path.join(folder, 'sessions', '1.json'), JSON.stringify(dead));
    writeFileSync(path.join(folder, 'sessions', '2.json'), '{"cut');
    const session = publishSession(folder, 'test', () => memoryReport(undefined));
    while ((await liveSessions(folder)).length === 0) await delay(50);
    expect(await liveSessions(folder)).toMatchObject([{ pid: process.pid, command: 'test' }]);
    session.close();
    expect(await liveSessions(folder)).toEqual([]);
  });
});
