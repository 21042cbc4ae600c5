import os from 'node:os';
import { expect, test } from 'vitest';
import { networkFileSystem, networkFileSystemOf } from '#dist/lib/store/network-file-system.js';
import { verifies } from '../house/promises.js';

/** As /proc/self/mountinfo has them. */
const MOUNTS = `22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
31 22 0:27 / /home rw,relatime shared:2 - nfs4 server:/home rw,vers=4.2,local_lock=none,addr=10.0.0.1
32 31 0:28 / /home/old rw,relatime shared:3 - nfs server:/old rw,vers=3,nolock,addr=10.0.0.1
33 22 0:29 / /mnt/share\\040one rw shared:4 - cifs //server/share rw,nobrl,vers=3.1.1
34 22 0:30 / /mnt/ssh rw,nosuid shared:5 - fuse.sshfs me@host:/ rw,user_id=1000
35 22 0:31 / /mnt/ntfs rw shared:6 - fuseblk /dev/sdb1 rw
36 22 0:32 / /mnt/vault rw shared:7 - fuse.gocryptfs /home/me/vault rw
37 22 0:33 / /mnt/c rw shared:8 - 9p C:\\134 rw,access=client
`;
const [NFS, CIFS, FUSE, PLAN9, EXT4] = [0x6969, 0xff534d42, 0x65735546, 0x01021997, 0xef53];

test('file systems of other machines are told from local ones, and those whose locks others do not see', () => {
  verifies('network-file-system-is-said');
  const of = (type: number, folder: string) => networkFileSystemOf(type, folder, MOUNTS);
  expect(of(EXT4, '/srv/project')).toBe(null);
  expect(of(NFS, '/home/me/project')).toEqual({ name: 'NFS', isLockless: false });
  expect(of(NFS, '/home/old')).toEqual({ name: 'NFS', isLockless: true });
  expect(of(NFS, '/home/older')).toEqual({ name: 'NFS', isLockless: false });
  expect(of(CIFS, '/mnt/share one/x')).toEqual({ name: 'SMB (cifs)', isLockless: true });
  // What statfs gives in 32 bits may come with a sign.
  expect(of(CIFS | 0, '/mnt/share one/x')?.name).toBe('SMB (cifs)');
  expect(of(FUSE, '/mnt/ssh/x')).toEqual({ name: 'fuse.sshfs', isLockless: true });
  expect(of(FUSE, '/mnt/ntfs')).toBe(null);
  expect(of(FUSE, '/mnt/vault')).toBe(null);
  expect(of(PLAN9, '/mnt/c/project')).toEqual({ name: '9p', isLockless: false });
});

test('a folder of this machine is local, and one that is not there is no error', () => {
  expect(networkFileSystem(os.tmpdir())).toBe(null);
  expect(networkFileSystem('/no/such/folder')).toBe(null);
});
