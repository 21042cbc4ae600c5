import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A disk of a few megabytes that is full, or read-only, when we say so. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves so many kilobytes. */
  fill(kilobytes: number): void;
  empty(): void;
  /** False where the mount cannot be changed. */
  setReadOnly(readOnly: boolean): boolean;
  unmount(): void;
}

/** Mounts one at `folder`; undefined where this user may not. */
export function mountSmallDisk(folder: string, megabytes: number): SmallDisk | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return undefined;
  const options = `size=${megabytes}m`;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'none', folder]).status !== 0) return undefined;
  const ballast = path.join(folder, 'ballast');
  return {
    folder,
    fill(kilobytes) {
      rmSync(ballast, { force: true });
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - kilobytes * 1024)));
    },
    empty: () => rmSync(ballast, { force: true }),
    setReadOnly: (readOnly) =>
      spawnSync('mount', ['-o', `remount,${readOnly ? 'ro' : 'rw'},${options}`, folder]).status === 0,
    unmount: () => void spawnSync('umount', ['--lazy', folder]),
  };
}
