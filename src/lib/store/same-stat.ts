/** What the file system says of a file without reading it. */
export interface FileStat {
  readonly size: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

/** Is it, as far as the file system tells, the file that was indexed? */
export function sameStat(known: FileStat | undefined, found: FileStat): boolean {
  return known?.size === found.size && known.mtimeMs === found.mtimeMs && known.inode === found.inode;
}
