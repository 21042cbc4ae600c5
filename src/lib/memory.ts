import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';

/** Bytes; null where the platform cannot say. */
export interface ProcessMemory {
  readonly pid: number;
  readonly rssBytes: number | null;
  readonly peakRssBytes: number | null;
  readonly anonymousBytes: number | null;
  readonly fileBackedBytes: number | null;
}

/** Bytes. */
export interface HostMemory {
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  readonly v8HeapUsedBytes: number;
  readonly v8HeapTotalBytes: number;
  readonly v8HeapLimitBytes: number;
  readonly externalBytes: number;
}

/** Host and embedder side by side; `embedder` is null when none runs. */
export interface MemoryReport {
  readonly host: HostMemory;
  readonly embedder: (ProcessMemory & { readonly state: string; readonly modelFileBytes: number }) | null;
}

/** The memory of this process now, beside what is known of its embedder. */
export function memoryReport(
  embedder: { memory: ProcessMemory | null; status: { state: string } } | undefined,
  modelFileBytes: number,
): MemoryReport {
  return {
    host: hostMemory(),
    embedder: embedder?.memory ? { ...embedder.memory, state: embedder.status.state, modelFileBytes } : null,
  };
}

/** The memory of this process: V8's share and the whole. Source: process.memoryUsage, getrusage, V8. */
function hostMemory(): HostMemory {
  const usage = process.memoryUsage();
  return {
    rssBytes: usage.rss,
    peakRssBytes: Math.max(ownPeakBytes(), usage.rss),
    v8HeapUsedBytes: usage.heapUsed,
    v8HeapTotalBytes: usage.heapTotal,
    v8HeapLimitBytes: getHeapStatistics().heap_size_limit,
    externalBytes: usage.external,
  };
}

/** On Linux, getrusage would count what the parent had when it forked us. */
function ownPeakBytes(): number {
  const peak = process.platform === 'linux' ? processMemory(process.pid)?.peakRssBytes : null;
  return peak ?? process.resourceUsage().maxRSS * 1024;
}

/** The memory of another process of this user, or null when it is gone or the platform has no cheap way to say. */
export function processMemory(pid: number): ProcessMemory | null {
  return process.platform === 'linux' ? linuxProcessMemory(pid) : null;
}

function linuxProcessMemory(pid: number): ProcessMemory | null {
  try {
    const status = kilobytes(readFileSync(`/proc/${pid}/status`, 'utf8'));
    if (!status.has('VmRSS')) return null; // a zombie has no memory
    let anonymous = status.get('RssAnon') ?? null;
    let rss = status.get('VmRSS') ?? null;
    try {
      const rollup = kilobytes(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
      anonymous = rollup.get('Anonymous') ?? anonymous;
      rss = rollup.get('Rss') ?? rss;
    } catch {
      // smaps_rollup can be closed to us where status is open
    }
    return {
      pid,
      rssBytes: rss,
      peakRssBytes: status.get('VmHWM') ?? null,
      anonymousBytes: anonymous,
      fileBackedBytes: rss !== null && anonymous !== null ? Math.max(0, rss - anonymous) : null,
    };
  } catch {
    return null;
  }
}

function kilobytes(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const [, name, value] of text.matchAll(/^(\w+):\s+(\d+) kB$/gm))
    found.set(name!, Number(value) * 1024);
  return found;
}
