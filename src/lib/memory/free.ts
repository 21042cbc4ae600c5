import { readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import path from 'node:path';

/** The text of a file, or '' where there is none. */
export type ReadText = (file: string) => string;

/** Where the memory files of the two versions of cgroups are, and what they are called. */
const VERSIONS = [
  {
    line: /^0::(.*)$/m,
    mount: '/sys/fs/cgroup',
    limit: 'memory.max',
    used: 'memory.current',
    cached: /^(?:in)?active_file (\d+)$/gm,
  },
  {
    line: /^\d+:(?:[\w,]+,)?memory(?:,[\w,]+)?:(.*)$/m,
    mount: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    cached: /^total_(?:in)?active_file (\d+)$/gm,
  },
];

/**
 * Bytes that can still be taken without swapping: the system's estimate, or less where a cgroup of this process, of
 * either version, or one above it allows less. Files in memory count as free: the kernel gives them up.
 */
export function freeMemory(read: ReadText = readOrEmpty, platform: string = process.platform): number {
  if (platform !== 'linux') return freemem();
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(read('/proc/meminfo'));
  const free = available ? Number(available[1]) * 1024 : freemem();
  return Math.min(free, ...cgroupRoom(read));
}

function* cgroupRoom(read: ReadText): Generator<number> {
  const membership = read('/proc/self/cgroup');
  for (const { line, mount, limit, used, cached } of VERSIONS) {
    const own = line.exec(membership)?.[1];
    if (own === undefined) continue;
    for (
      let group = path.posix.join(mount, own);
      group.startsWith(mount);
      group = path.posix.dirname(group)
    ) {
      const most = Number.parseInt(read(`${group}/${limit}`), 10);
      const taken = Number.parseInt(read(`${group}/${used}`), 10);
      if (!Number.isFinite(most) || !Number.isFinite(taken)) continue;
      let files = 0;
      for (const [, bytes] of read(`${group}/memory.stat`).matchAll(cached)) files += Number(bytes);
      yield Math.max(0, most - Math.max(0, taken - files));
    }
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
