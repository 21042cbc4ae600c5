/** A flag that says when a function is optimized, by the major version of Node, for whose V8 it is known: one that a V8 does not know is a line on stderr. */
const OPTIMIZE_WHEN: Readonly<Record<number, { readonly asking: string; readonly indexing: string }>> = {
  20: { asking: '--interrupt-budget=300000', indexing: '--interrupt-budget=4000000' },
  22: {
    asking: '--invocation-count-for-turbofan=13000',
    indexing: '--invocation-count-for-turbofan=45000',
  },
};
const optimizeWhen = OPTIMIZE_WHEN[Number(process.versions.node.split('.', 1)[0])];

/**
 * What keeps a host small. Garbage is collected early instead of growing: what lives long here is small, and the host's
 * memory is a promise. See docs/decisions/0032.
 */
const SMALL_HEAP = ['--semi-space-growth-factor=1', '--heap-growing-percent=20', '--optimize-for-size'];

/**
 * For a process that asks. A function is optimized after four times as much work as V8 would have it: each of its compilers'
 * threads keeps what its largest job took, a megabyte or two each.
 */
export const V8_FLAGS: readonly string[] = [...SMALL_HEAP, ...(optimizeWhen ? [optimizeWhen.asking] : [])];

/** For a process that indexes, after sixty times as much (fifteen on Node 22, which was measured before): what runs that long there is in WebAssembly or native. */
export const INDEXING_V8_FLAGS: readonly string[] = [
  ...SMALL_HEAP,
  ...(optimizeWhen ? [optimizeWhen.indexing] : []),
];
