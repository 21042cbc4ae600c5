import type { Atom, AtomLimits } from './atoms.js';

/** Atoms `from` (inclusive) to `to` (exclusive); the first ones may repeat the end of the chunk before. */
export interface AtomRange {
  readonly from: number;
  readonly to: number;
}

export interface PackLimits extends AtomLimits {
  /** tokens that a chunk repeats of the one before where a run of text is cut */
  readonly overlap: number;
  /** UTF-16 code units that it repeats at most: there may be no tokens to count */
  readonly overlapCharacters: number;
}

// Of two ways to cut that cost the same, the one with the more even chunks.
const UNEVENNESS = 0.1;

/**
 * Cuts a row of atoms into the chunks that cost least: one for each chunk, and what each cut costs. This is the
 * shortest path over the places where a cut can be; the limits bound how far one looks back, so time is linear.
 */
export function pack(atoms: readonly Atom[], limits: PackLimits): AtomRange[] {
  const count = atoms.length;
  // before[i]: tokens of all atoms before i
  const before = new Float64Array(count + 1);
  for (let index = 0; index < count; index++) before[index + 1] = before[index]! + atoms[index]!.tokens;
  const starts = overlapStarts(atoms, before, limits);

  const best = new Float64Array(count + 1).fill(Number.POSITIVE_INFINITY);
  const previous = new Uint32Array(count + 1);
  best[0] = 0;
  // A chunk of a great many lines without a word (closing brackets) is bounded too, or looking back would not be.
  const maxAtoms = Math.max(1, Math.ceil(limits.tokens) * 2);
  for (let to = 1; to <= count; to++) {
    const end = atoms[to - 1]!.end;
    for (let cut = to - 1; cut >= 0 && to - starts[cut]! <= maxAtoms; cut--) {
      const tokens = before[to]! - before[starts[cut]!]!;
      const fits = tokens <= limits.tokens && end - atoms[starts[cut]!]!.start <= limits.characters;
      if (!fits && cut < to - 1) break;
      const slack = Math.max(0, 1 - tokens / limits.tokens);
      const cost = best[cut]! + 1 + (cut === 0 ? 0 : atoms[cut]!.cutCost) + UNEVENNESS * slack * slack;
      if (cost < best[to]!) {
        best[to] = cost;
        previous[to] = cut;
      }
    }
  }

  const ranges: AtomRange[] = [];
  for (let to = count; to > 0; to = previous[to]!) ranges.push({ from: starts[previous[to]!]!, to });
  return ranges.reverse();
}

/** For a cut before each atom, the atom that the next chunk starts with: earlier ones of the same run, or itself. */
function overlapStarts(atoms: readonly Atom[], before: Float64Array, limits: PackLimits): Uint32Array {
  const starts = new Uint32Array(atoms.length + 1);
  let runStart = 0;
  let start = 0;
  for (let index = 0; index < atoms.length; index++) {
    const atom = atoms[index]!;
    if (!atom.inRun) runStart = index;
    start = Math.max(start, runStart);
    const room = Math.min(limits.overlap, limits.tokens - atom.tokens);
    const earliest = Math.max(atom.start - limits.overlapCharacters, atom.end - limits.characters);
    while (start < index && (before[index]! - before[start]! > room || atoms[start]!.start < earliest)) {
      start++;
    }
    starts[index] = start;
  }
  return starts;
}
