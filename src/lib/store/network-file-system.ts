import { readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { EmbedSearchError } from '../errors.js';

/**
 * `f_type` of statfs(2) on Linux, of file systems whose files another machine may change, too. Source: linux/magic.h
 * and statfs(2).
 */
const NETWORK_TYPES: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB (cifs)'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x564c, 'NCP'],
  [0x786f4256, 'VirtualBox shared folder'],
]);

const FUSE = 0x65735546;

/** Of fuse's subtypes those that lead to another machine; a local one is a disk like any other. */
const NETWORK_FUSE =
  /^fuse\.(sshfs|rclone|s3fs|gcsfuse|goofys|mountpoint-s3|davfs2?|glusterfs|cephfs|ceph-fuse|curlftpfs|smbnetfs|juicefs|vmhgfs-fuse|prl_fs|osxfs|grpcfuse)/;

/** Mount options by which locks are not known to other machines, or not taken at all. */
const LOCKLESS = new Set(['nolock', 'nobrl', 'local_lock=all', 'local_lock=posix', 'nfsvers=2']);

export interface NetworkFileSystem {
  /** For people: `NFS`, `fuse.sshfs`. */
  readonly name: string;
  /** Does its mount say that a lock is not seen by other machines? */
  readonly isLockless: boolean;
}

/** What a file system of that type is, given the lines of /proc/self/mountinfo; null for a local one. */
export function networkFileSystemOf(type: number, folder: string, mounts: string): NetworkFileSystem | null {
  const mount = mountOf(folder, mounts);
  const isLockless = mount?.options.some((option) => LOCKLESS.has(option)) ?? false;
  // Node gives the 32 bits with their sign on some machines.
  const name = NETWORK_TYPES.get(type >>> 0);
  if (name !== undefined) return { name, isLockless };
  if (type >>> 0 !== FUSE || mount === undefined || !NETWORK_FUSE.test(mount.kind)) return null;
  // A lock of fuse's is one of this machine unless the file system takes it over, which none of these does for all.
  return { name: mount.kind, isLockless: true };
}

/** The network file system that an existing folder lies on, or null: a local one, or a system that does not tell. */
export function networkFileSystem(folder: string): NetworkFileSystem | null {
  if (process.platform !== 'linux') return null;
  try {
    return networkFileSystemOf(
      statfsSync(folder).type,
      path.resolve(folder),
      readFileSync('/proc/self/mountinfo', 'utf8'),
    );
  } catch {
    return null;
  }
}

const ELSEWHERE = 'Put the index on a disk of this machine with --index-dir DIR.';

/**
 * What to say of an index on a network file system, or undefined. SQLite's log needs memory that all its users share,
 * which is that of one machine: it works for as long as one machine uses the index. Source: sqlite.org/wal.html.
 */
export function networkWarning(indexDir: string): string | undefined {
  const found = networkFileSystem(indexDir);
  if (found === null) return undefined;
  const danger = found.isLockless
    ? 'its locks hold on this machine only, so that two machines that write at once would damage it'
    : 'SQLite shares its log on this machine only, so that other machines may read what is not whole';
  return `The index ${indexDir} is on a network file system (${found.name}): ${danger}. ${ELSEWHERE}`;
}

/** `error` with the network file system as its likely cause, where the index is on one and SQLite could not use it. */
export function onNetwork(error: unknown, indexDir: string): unknown {
  if (!(error instanceof EmbedSearchError) || error.code !== 'MACHINE') return error;
  const found = networkFileSystem(indexDir);
  if (found === null) return error;
  const message = `${error.message} The index is on a network file system (${found.name}), which may lack the locks or the shared memory that SQLite needs.`;
  return new EmbedSearchError('MACHINE', message, { fix: ELSEWHERE, cause: error });
}

interface Mount {
  readonly at: string;
  readonly kind: string;
  readonly options: readonly string[];
}

/** The last of the deepest mounts above a folder: it lies on top. Source of the fields: proc_pid_mountinfo(5). */
function mountOf(folder: string, mounts: string): Mount | undefined {
  let best: Mount | undefined;
  for (const line of mounts.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , , at, options = ''] = before.split(' ');
    const [kind = '', , more = ''] = after.split(' ');
    if (at === undefined) continue;
    const mount = { at: unescaped(at), kind, options: [...options.split(','), ...more.split(',')] };
    if (contains(mount.at, folder) && mount.at.length >= (best?.at.length ?? 0)) best = mount;
  }
  return best;
}

function contains(at: string, folder: string): boolean {
  return at === '/' || folder === at || folder.startsWith(`${at}/`);
}

/** Blanks and backslashes stand as octal numbers. */
function unescaped(field: string): string {
  return field.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
