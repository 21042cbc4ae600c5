/** How much inlining into one function may come to, as bytecode: a third of what V8 has. What a compiler's job takes goes by it. */
const INLINE_LESS = '--max-inlined-bytecode-size-cumulative=300';

/** When a function is optimized, by the major version of Node, for whose V8 the flags are known: one that a V8 does not know is a line on stderr. */
const OPTIMIZING: Readonly<
  Record<number, { readonly asking: readonly string[]; readonly indexing: readonly string[] }>
> = {
  20: {
    asking: ['--interrupt-budget=300000', INLINE_LESS],
    indexing: ['--interrupt-budget=4000000'],
  },
  22: {
    asking: ['--invocation-count-for-turbofan=13000', INLINE_LESS],
    indexing: ['--invocation-count-for-turbofan=45000'],
  },
};
const optimizing = OPTIMIZING[Number(process.versions.node.split('.', 1)[0])];

/**
 * What keeps a host small. Garbage is collected early instead of growing: what lives long here is small, and the host's
 * memory is a promise. See docs/decisions/0032.
 */
const SMALL_HEAP = ['--semi-space-growth-factor=1', '--heap-growing-percent=20', '--optimize-for-size'];

/**
 * For a process that asks. A function is optimized after four times as much work as V8 would have it: each of its compilers'
 * threads keeps what its largest job took, a megabyte or two each.
 */
export const V8_FLAGS: readonly string[] = [...SMALL_HEAP, ...(optimizing?.asking ?? [])];

/** For a process that indexes, after sixty times as much (fifteen on Node 22, which was measured before): what runs that long there is in WebAssembly or native. */
export const INDEXING_V8_FLAGS: readonly string[] = [...SMALL_HEAP, ...(optimizing?.indexing ?? [])];
