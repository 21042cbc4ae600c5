import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * A memory cgroup that the machine lets its tests use, or undefined: most do not.
 * EMBED_SEARCH_TEST_CGROUP=/sys/fs/cgroup/memory/mine (version 1) or /sys/fs/cgroup/mine (version 2).
 */
export const CGROUP = process.env['EMBED_SEARCH_TEST_CGROUP'];

/** Sets the most bytes of the cgroup; gives the file that a process joins by. */
export function limitCgroup(bytes: number): string {
  const current = path.join(CGROUP!, 'memory.max');
  writeFileSync(existsSync(current) ? current : path.join(CGROUP!, 'memory.limit_in_bytes'), String(bytes));
  return path.join(CGROUP!, 'cgroup.procs');
}
