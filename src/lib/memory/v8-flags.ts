/**
 * By the major version of Node, for whose V8 the flag is known: one that it does not know is a line on stderr. A function
 * is optimized after fifteen times as much work as V8 would have it: each of its compilers' threads keeps what its largest
 * job took, two megabytes each, and what runs that long here is in WebAssembly or native.
 */
const OPTIMIZE_LATE: Readonly<Record<number, readonly string[]>> = {
  20: ['--interrupt-budget=1000000'],
  22: ['--invocation-count-for-turbofan=45000'],
};

/**
 * What keeps a host small. Garbage is collected early instead of growing: what lives long here is small, and the host's
 * memory is a promise. See docs/decisions/0032.
 */
export const V8_FLAGS: readonly string[] = [
  '--semi-space-growth-factor=1',
  '--heap-growing-percent=20',
  '--optimize-for-size',
];

/** For a process that indexes; one that only asks is a seventh slower with the additional ones, and no smaller. */
export const INDEXING_V8_FLAGS: readonly string[] = [
  ...V8_FLAGS,
  ...(OPTIMIZE_LATE[Number(process.versions.node.split('.', 1)[0])] ?? []),
];
