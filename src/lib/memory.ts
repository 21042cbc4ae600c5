import { getHeapStatistics } from 'node:v8';

export { freeMemory } from './memory/free.js';
import { linuxMemory } from './memory/linux.js';
import { macosResidentBytes } from './memory/macos.js';
import { windowsResidentBytes } from './memory/windows.js';

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

/** The memory of this process now, beside what `stats()` of its embedder says. */
export function memoryReport(
  embedder: { memory: ProcessMemory | null; status: { state: string }; modelFileBytes: number } | undefined,
): MemoryReport {
  return {
    host: hostMemory(),
    embedder: embedder?.memory
      ? { ...embedder.memory, state: embedder.status.state, modelFileBytes: embedder.modelFileBytes }
      : null,
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

/** The memory of another process of this user, or null when it is gone or the platform has no way to say. */
export function processMemory(pid: number): ProcessMemory | null {
  if (process.platform === 'linux') {
    const memory = linuxMemory(pid);
    if (memory === null) return null;
    const { rssBytes, anonymousBytes } = memory;
    const isKnown = rssBytes !== null && anonymousBytes !== null;
    return { pid, ...memory, fileBackedBytes: isKnown ? Math.max(0, rssBytes - anonymousBytes) : null };
  }
  const rssBytes = residentBytes(pid);
  if (rssBytes === null) return null;
  return { pid, rssBytes, peakRssBytes: null, anonymousBytes: null, fileBackedBytes: null };
}

function residentBytes(pid: number): number | null {
  if (process.platform === 'darwin') return macosResidentBytes(pid);
  return process.platform === 'win32' ? windowsResidentBytes(pid) : null;
}
