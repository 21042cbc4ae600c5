import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';

import { eventually } from '../e2e/processes.js';

const ROOT = '/sys/fs/cgroup';

let made = 0;

/**
 * A folder below which this process may make memory cgroups, or null: most users may not. EMBED_SEARCH_TEST_CGROUP names
 * one that was given to them; else it is looked for, version 1 and 2, below our own cgroup and at the root.
 */
export const CGROUP_PARENT = [process.env['EMBED_SEARCH_TEST_CGROUP'], ...candidates()].find(
  (parent) => parent !== undefined && canMakeBelow(parent),
);

/** A memory cgroup that goes when the test ends; gives the file that a process joins by. */
export function makeCgroup(bytes: number): string {
  const folder = newFolder(CGROUP_PARENT!);
  onTestFinished(() => eventually(() => removed(folder)));
  writeFileSync(limitFile(folder)!, String(bytes));
  return path.join(folder, 'cgroup.procs');
}

function candidates(): string[] {
  if (process.platform !== 'linux') return [];
  const own = readFileSync('/proc/self/cgroup', 'utf8');
  const ownPath = (pattern: RegExp) => pattern.exec(own)?.[1] ?? '/';
  return [
    path.join(ROOT, 'memory', ownPath(/^\d+:memory:(.*)$/m)),
    path.join(ROOT, 'memory'),
    path.join(ROOT, ownPath(/^0::(.*)$/m)),
    ROOT,
  ];
}

function canMakeBelow(parent: string): boolean {
  try {
    const folder = newFolder(parent);
    try {
      writeFileSync(limitFile(folder)!, String(2 ** 30));
      return true;
    } finally {
      rmdirSync(folder);
    }
  } catch {
    return false;
  }
}

function newFolder(parent: string): string {
  const folder = path.join(parent, `embed-search-test-${process.pid}-${made++}`);
  mkdirSync(folder);
  return folder;
}

/** Version 2's file or version 1's; none where the memory controller is not there. */
function limitFile(folder: string): string | undefined {
  return ['memory.max', 'memory.limit_in_bytes']
    .map((name) => path.join(folder, name))
    .find((file) => existsSync(file));
}

/** A cgroup can be removed when its last process is gone. */
function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}
