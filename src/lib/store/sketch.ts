/** Sums of sketch scores lie within +- this (and a little rounding). */
const SCORE_RANGE = 1 << 20;
const BUCKET_SHIFT = 9;
const BUCKETS = (2 * SCORE_RANGE) >> BUCKET_SHIFT;

/**
 * For each byte of a sketch and each value of it, what these eight dimensions add to the dot product of `query`
 * with the row's signs (+1, -1), scaled to integers. The query keeps its lengths, only the rows are cut to signs
 * (asymmetric distance: Jégou et al., Product Quantization for Nearest Neighbor Search, 2011, applied to sign
 * bits): at the same cost as a Hamming distance it finds far more of the true neighbours.
 */
export function sketchTable(query: Float32Array, rowBytes: number): Int32Array {
  let total = 0;
  for (const value of query) total += Math.abs(value);
  const scale = SCORE_RANGE / total;
  const table = new Int32Array(rowBytes * 256);
  for (let byte = 0; byte < rowBytes; byte++) {
    const weights = Array.from({ length: 8 }, (_, bit) => Math.round((query[byte * 8 + bit] ?? 0) * scale));
    const start = byte * 256;
    table[start] = -weights.reduce((sum, weight) => sum + weight, 0);
    for (let value = 1; value < 256; value++) {
      const lowest = 31 - Math.clz32(value & -value);
      table[start + value] = table[start + (value & (value - 1))]! + 2 * weights[lowest]!;
    }
  }
  return table;
}

/** Offers each row that `allowed` (a bitmap) names to `candidates`, at `firstLocation` + its number. */
export function scanSketch(
  sketch: Uint8Array,
  rowBytes: number,
  rows: number,
  table: Int32Array,
  allowed: Uint8Array,
  firstLocation: number,
  candidates: Candidates,
): void {
  let threshold = candidates.threshold;
  for (let row = 0, start = 0; row < rows; row++, start += rowBytes) {
    if (((allowed[row >> 3]! >> (row & 7)) & 1) === 0) continue;
    let score = 0;
    for (let byte = 0; byte < rowBytes; byte++) score += table[(byte << 8) | sketch[start + byte]!]!;
    if (score > threshold) {
      candidates.add(score, firstLocation + row);
      threshold = candidates.threshold;
    }
  }
}

/** The best `size` of what is offered, by integer scores, in bounded memory: pruned by a histogram when full. */
export class Candidates {
  /** What is not above it cannot be among the best. */
  threshold = -2 * SCORE_RANGE;
  readonly #size: number;
  readonly #scores: Int32Array;
  readonly #locations: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#size = size;
    this.#scores = new Int32Array(size * 2);
    this.#locations = new Float64Array(size * 2);
  }

  add(score: number, location: number): void {
    this.#scores[this.#count] = score;
    this.#locations[this.#count] = location;
    if (++this.#count === this.#scores.length) this.#prune();
  }

  /** Ascending, so that they are read in the order of the disk. */
  locations(): Float64Array {
    if (this.#count > this.#size) this.#prune();
    return this.#locations.slice(0, this.#count).sort();
  }

  #prune(): void {
    const histogram = new Int32Array(BUCKETS + 1);
    for (let index = 0; index < this.#count; index++) histogram[bucketOf(this.#scores[index]!)]!++;
    let edge = BUCKETS;
    let above = 0;
    while (above + histogram[edge]! < this.#size) above += histogram[edge--]!;
    let ties = this.#size - above;
    let kept = 0;
    for (let index = 0; index < this.#count; index++) {
      const bucket = bucketOf(this.#scores[index]!);
      if (bucket < edge || (bucket === edge && ties-- <= 0)) continue;
      this.#scores[kept] = this.#scores[index]!;
      this.#locations[kept++] = this.#locations[index]!;
    }
    this.#count = kept;
    this.threshold = (edge << BUCKET_SHIFT) - SCORE_RANGE - 1;
  }
}

function bucketOf(score: number): number {
  return Math.min(BUCKETS, Math.max(0, (score + SCORE_RANGE) >> BUCKET_SHIFT));
}
