import { readFileSync } from 'node:fs';

/** Bytes; null where the kernel does not say. */
export interface LinuxMemory {
  readonly rssBytes: number | null;
  readonly peakRssBytes: number | null;
  readonly anonymousBytes: number | null;
}

/** What a process has in memory, or null when it is gone. */
export function linuxMemory(pid: number): LinuxMemory | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return parseProc(status, readOrEmpty(`/proc/${pid}/smaps_rollup`));
  } catch {
    return null;
  }
}

/** /proc/PID/status and, where it is open to us, /proc/PID/smaps_rollup, which is exact. */
export function parseProc(statusText: string, rollupText: string): LinuxMemory | null {
  const status = kilobytes(statusText);
  if (!status.has('VmRSS')) return null; // a zombie has no memory
  const rollup = kilobytes(rollupText);
  return {
    rssBytes: rollup.get('Rss') ?? status.get('VmRSS') ?? null,
    peakRssBytes: status.get('VmHWM') ?? null,
    anonymousBytes: rollup.get('Anonymous') ?? status.get('RssAnon') ?? null,
  };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function kilobytes(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name, value] of text.matchAll(/^(\w+):\s+(\d+) kB$/gm))
    found.set(name!, Number(value) * 1024);
  return found;
}
