import { freemem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { freeMemory } from '#dist/lib/memory/free.js';

const GB = 1024 ** 3;
const MEMINFO = 'MemTotal: 24000000 kB\nMemAvailable:   20971520 kB\n'; // 20 GB

function free(files: Record<string, string>): number {
  return freeMemory((file) => ({ '/proc/meminfo': MEMINFO, ...files })[file] ?? '', 'linux');
}

describe('the memory that is free', () => {
  it('is what the system says where no cgroup limits it', () => {
    expect(free({})).toBe(20 * GB);
    expect(free({ '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/memory.max': 'max\n' })).toBe(20 * GB);
  });

  it('is what a cgroup of version 2, or one above it, leaves', () => {
    const files = {
      '/proc/self/cgroup': '0::/outer/inner\n',
      '/sys/fs/cgroup/outer/inner/memory.max': String(4 * GB),
      '/sys/fs/cgroup/outer/inner/memory.current': String(1 * GB),
    };
    expect(free(files)).toBe(3 * GB);
    const outer = {
      '/sys/fs/cgroup/outer/memory.max': String(2 * GB),
      '/sys/fs/cgroup/outer/memory.current': String(1.5 * GB),
    };
    expect(free({ ...files, ...outer })).toBe(0.5 * GB);
  });

  it('is what a cgroup of version 1 leaves, beside other controllers', () => {
    const files = {
      '/proc/self/cgroup': '9:cpu,cpuacct:/x\n5:memory:/job\n1:name=systemd:/y\n0::/\n',
      '/sys/fs/cgroup/memory/job/memory.limit_in_bytes': String(1 * GB),
      '/sys/fs/cgroup/memory/job/memory.usage_in_bytes': String(0.25 * GB),
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '1',
    };
    expect(free(files)).toBe(0.75 * GB);
  });

  it('counts files in memory as free, and never less than nothing', () => {
    const files = {
      '/proc/self/cgroup': '5:memory:/job\n',
      '/sys/fs/cgroup/memory/job/memory.limit_in_bytes': String(2 * GB),
      '/sys/fs/cgroup/memory/job/memory.usage_in_bytes': String(2 * GB),
    };
    expect(free(files)).toBe(0);
    const stat = `cache 5\ntotal_inactive_file ${GB / 2}\ntotal_active_file ${GB}\n`;
    expect(free({ ...files, '/sys/fs/cgroup/memory/job/memory.stat': stat })).toBe(1.5 * GB);
  });

  it('is read on this machine', () => {
    expect(freeMemory()).toBeGreaterThan(0);
    expect(freeMemory(() => '', 'darwin')).toBeGreaterThan(freemem() / 2);
  });
});
