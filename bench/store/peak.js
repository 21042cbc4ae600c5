import { readFileSync } from 'node:fs';

/** The highest resident set of this process so far, as the kernel counts it. */
export function peakMegabytes() {
  return (
    Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) / 1024
  );
}
