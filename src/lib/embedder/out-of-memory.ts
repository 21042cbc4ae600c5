import { readFileSync } from 'node:fs';

/** What a failed allocation prints: libstdc++, glibc, llama.cpp and ggml, V8. */
const FAILED_ALLOCATION =
  /std::bad_alloc|cannot allocate memory|failed to allocate|allocation failed|out of memory|ENOMEM/i;

/** True where a process' last words say that it could not get memory. */
export function saysOutOfMemory(lastWords: string): boolean {
  return FAILED_ALLOCATION.test(lastWords);
}

/** Counts the kernel's out-of-memory kills, or null where it does not tell. Linux: /proc/vmstat since 4.13. */
export function outOfMemoryKills(read: (path: string) => string = readText): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const found = /^oom_kill (\d+)$/m.exec(read('/proc/vmstat'));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}

function readText(path: string): string {
  return readFileSync(path, 'utf8');
}
