import { spawnSync } from 'node:child_process';

/** tasklist takes a tenth of a second and more, in which nothing else runs: so old may a figure be. */
const KEPT_MS = 30_000;

let last: { readonly pid: number; readonly at: number; readonly bytes: number | null } | null = null;

/** Bytes of a process' working set, mapped files counted; null when it is gone. At most 30 s old. */
export function windowsResidentBytes(pid: number): number | null {
  const now = performance.now();
  if (last === null || last.pid !== pid || now - last.at > KEPT_MS) {
    const filter = ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'];
    const { stdout } = spawnSync('tasklist', filter, { encoding: 'utf8', windowsHide: true });
    last = { pid, at: now, bytes: parseTasklist(stdout ?? '', pid) };
  }
  return last.bytes;
}

/** `"node.exe","4242","Console","1","52,340 K"`; what stands between the digits depends on the language. */
export function parseTasklist(output: string, pid: number): number | null {
  for (const line of output.split(/\r?\n/)) {
    const cells = [...line.matchAll(/"([^"]*)"/g)].map(([, cell]) => cell!);
    const kilobytes = cells.at(-1)?.replaceAll(/\D/g, '');
    if (cells[1] === String(pid) && kilobytes) return Number(kilobytes) * 1024;
  }
  return null;
}
