import { describe, expect, it } from 'vitest';

import { parseProc } from '#dist/lib/memory/linux.js';
import { parsePs } from '#dist/lib/memory/macos.js';
import { parseTasklist } from '#dist/lib/memory/windows.js';
import { processMemory } from '#dist/lib/memory.js';

describe('the memory of a process', () => {
  const status = 'Name:\tnode\nVmHWM:\t   60000 kB\nVmRSS:\t   50000 kB\nRssAnon:\t   20000 kB\n';

  it('is read on Linux from smaps_rollup, else from status', () => {
    const rollup =
      '55d0-7ffd ---p 00000000 00:00 0    [rollup]\nRss:               50100 kB\nAnonymous:         20100 kB\n';
    expect(parseProc(status, rollup)).toEqual({
      rssBytes: 50_100 * 1024,
      peakRssBytes: 60_000 * 1024,
      anonymousBytes: 20_100 * 1024,
    });
    expect(parseProc(status, '')).toMatchObject({ anonymousBytes: 20_000 * 1024 });
    expect(parseProc('Name:\tnode\nState:\tZ (zombie)\n', '')).toBeNull();
  });

  it('is read on macOS from ps', () => {
    expect(parsePs(' 52340\n')).toBe(52_340 * 1024);
    expect(parsePs('')).toBeNull();
  });

  it.each([
    ['English', '"node.exe","4242","Console","1","52,340 K"\r\n'],
    ['German', '"node.exe","4242","Console","1","52.340 K"\r\n'],
    ['French', '"node.exe","4242","Console","1","52\u00a0340 Ko"\r\n'],
  ])('is read on Windows from tasklist, in %s', (_, output) => {
    expect(parseTasklist(output, 4242)).toBe(52_340 * 1024);
  });

  it('is null on Windows when the process is gone', () => {
    expect(
      parseTasklist('INFO: No tasks are running which match the specified criteria.\r\n', 4242),
    ).toBeNull();
  });

  it('is known of this process here', () => {
    expect(processMemory(process.pid)?.rssBytes).toBeGreaterThan(10_000_000);
    expect(processMemory(2 ** 22 + 1)).toBeNull();
  });
});
