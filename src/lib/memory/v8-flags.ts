/**
 * How much may be inlined into one function, and of what size, as bytecode: less than half and two thirds of what V8 has. What a
 * compiler's job takes goes by it.
 */
const INLINE_LESS = ['--max-inlined-bytecode-size-cumulative=400', '--max-inlined-bytecode-size=300'];

/**
 * How many times as much work as V8 would wait for before it optimizes a function: each of its compilers' threads keeps what
 * its largest job took, a megabyte or two. A server runs the most code of its own for the longest time; what runs long while
 * files are indexed is in WebAssembly or native.
 */
const PATIENCE = { asking: 4.4, serving: 12, indexing: 60 };

/** By the major version of Node, for whose V8 the flags are known: one that a V8 does not know is a line on stderr. */
const OPTIMIZE_AFTER: Readonly<Record<number, (patience: number) => string>> = {
  20: (patience) => `--interrupt-budget=${Math.round(67_584 * patience)}`,
  22: (patience) => `--invocation-count-for-turbofan=${Math.round(3_000 * Math.min(patience, 15))}`,
};

/**
 * What keeps a host small, for a command of the program. Garbage is collected early instead of growing: what lives long here
 * is small, and the host's memory is a promise. See docs/decisions/0032.
 */
export function v8FlagsFor(command: string | undefined): readonly string[] {
  const flags = ['--semi-space-growth-factor=1', '--heap-growing-percent=20', '--optimize-for-size'];
  const optimizeAfter = OPTIMIZE_AFTER[Number(process.versions.node.split('.', 1)[0])];
  if (optimizeAfter === undefined) return flags;
  if (command === 'index') return [...flags, optimizeAfter(PATIENCE.indexing)];
  const patience = command === 'serve-mcp' ? PATIENCE.serving : PATIENCE.asking;
  return [...flags, optimizeAfter(patience), ...INLINE_LESS];
}
