import { keepShape } from '../memory/keep-shape.js';
import { makeKernel, QUERY_BLOCK_BYTES, type ScanRows } from './sketch-kernel.js';

/** The query's lengths are cut to 4 bits: as they stand in the planes that the kernel reads. */
const STEPS = 15;

// The kernel's memory: the query, the bitmap of allowed rows, the sketch, and what was found.
const MOST_QUERY_BYTES = 64 * 1024;
const MOST_BITMAP_BYTES = 8 * 1024;
const SKETCH_AT = MOST_QUERY_BYTES + MOST_BITMAP_BYTES;
/** The kernel reads rows 16 bytes at a time, also where they are shorter. */
const OVERREAD_BYTES = 16;

interface Kernel {
  readonly scan: ScanRows;
  readonly bytes: Uint8Array;
  readonly numbers: Int32Array;
}

/**
 * Scores sketches against one query after the other. A row is signs only, the query keeps its lengths (asymmetric
 * distance: Jégou et al., Product Quantization for Nearest Neighbor Search, 2011), cut to 4 bits and taken bit by bit
 * (as in Gao and Long, RaBitQ, 2024): a row's score is the sum of the lengths of the dimensions whose signs agree.
 */
export class SketchScanner {
  #kernel: Kernel | undefined;
  /** Where there is no kernel: the same scores from a table for each byte of a row. */
  #table: Int32Array | undefined;
  #ownSketch = new Uint8Array(0);
  #rowBytes = 0;
  readonly #makeKernel: typeof makeKernel;

  constructor(make: typeof makeKernel = makeKernel) {
    this.#makeKernel = make;
  }

  /** For sketches of up to `rows` rows of `rowBytes` bytes. Returns the highest score that there can be. */
  prepare(query: Float32Array, rowBytes: number, rows: number): number {
    this.#rowBytes = rowBytes;
    const lengths = lengthsOf(query);
    const kernel = this.#kernelFor(rows, query.length);
    if (kernel === undefined) this.#table = tableOf(query, lengths, rowBytes);
    else writeQuery(query, lengths, kernel.bytes.fill(0, 0, MOST_QUERY_BYTES));
    return sumOf(lengths);
  }

  /** Where the next sketch has to be before it is scanned. */
  sketch(rows: number): Uint8Array {
    const bytes = rows * this.#rowBytes + OVERREAD_BYTES;
    if (this.#kernel !== undefined) return this.#kernel.bytes.subarray(SKETCH_AT, SKETCH_AT + bytes);
    if (this.#ownSketch.length < bytes) this.#ownSketch = new Uint8Array(bytes);
    return this.#ownSketch;
  }

  /** Offers each row that `allowed` (a bitmap) names to `candidates`, at `firstLocation` + its number. */
  scan(rows: number, allowed: Uint8Array, firstLocation: number, candidates: Candidates): void {
    if (this.#kernel === undefined) this.#scanByTable(rows, allowed, firstLocation, candidates);
    else this.#scanByKernel(this.#kernel, rows, allowed, firstLocation, candidates);
  }

  #scanByKernel(
    kernel: Kernel,
    rows: number,
    allowed: Uint8Array,
    firstLocation: number,
    candidates: Candidates,
  ): void {
    const { scan, bytes, numbers } = kernel;
    bytes.set(allowed, MOST_QUERY_BYTES);
    const out = foundAt(rows, this.#rowBytes);
    const blocks = Math.ceil(this.#rowBytes / 16);
    const found = scan(
      rows,
      this.#rowBytes,
      blocks,
      candidates.threshold,
      SKETCH_AT,
      MOST_QUERY_BYTES,
      0,
      out,
    );
    for (let at = out / 4, end = at + 2 * found; at < end; at += 2)
      candidates.add(numbers[at]!, firstLocation + numbers[at + 1]!);
  }

  #scanByTable(rows: number, allowed: Uint8Array, firstLocation: number, candidates: Candidates): void {
    const rowBytes = this.#rowBytes;
    const sketch = this.#ownSketch;
    const table = this.#table!;
    for (let row = 0, start = 0; row < rows; row++, start += rowBytes) {
      if (((allowed[row >> 3]! >> (row & 7)) & 1) === 0) continue;
      let score = 0;
      for (let byte = 0; byte < rowBytes; byte++) score += table[(byte << 8) | sketch[start + byte]!]!;
      if (score > candidates.threshold) candidates.add(score, firstLocation + row);
    }
  }

  #kernelFor(rows: number, dimensions: number): Kernel | undefined {
    if (Math.ceil(dimensions / 128) * QUERY_BLOCK_BYTES > MOST_QUERY_BYTES || rows > MOST_BITMAP_BYTES * 8)
      return (this.#kernel = undefined);
    const bytes = foundAt(rows, this.#rowBytes) + rows * 8;
    if (this.#kernel !== undefined && this.#kernel.bytes.length >= bytes) return this.#kernel;
    const made = this.#makeKernel(bytes);
    this.#kernel = made && {
      scan: made.scan,
      bytes: new Uint8Array(made.memory),
      numbers: new Int32Array(made.memory),
    };
    return this.#kernel;
  }
}

function foundAt(rows: number, rowBytes: number): number {
  return SKETCH_AT + Math.ceil((rows * rowBytes + OVERREAD_BYTES) / 4) * 4;
}

/** By index here and below: V8 forgets what it has optimized of a function that does not outlive the query. */
function lengthsOf(query: Float32Array): Uint8Array {
  let longest = 0;
  for (let index = 0; index < query.length; index++) longest = Math.max(longest, Math.abs(query[index]!));
  const lengths = new Uint8Array(query.length);
  for (let index = 0; index < query.length; index++)
    lengths[index] = Math.round((Math.abs(query[index]!) / longest) * STEPS);
  return lengths;
}

function sumOf(lengths: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < lengths.length; index++) sum += lengths[index]!;
  return sum;
}

/** For each block of 128 dimensions: the signs, inverted, and the bits of the lengths, highest first. */
function writeQuery(query: Float32Array, lengths: Uint8Array, into: Uint8Array): void {
  for (let index = 0; index < lengths.length; index++) {
    const length = lengths[index]!;
    const byte = (index >> 7) * QUERY_BLOCK_BYTES + ((index & 127) >> 3);
    const bit = 1 << (index & 7);
    if (!(query[index]! > 0)) into[byte]! |= bit;
    for (let plane = 0; plane < 4; plane++)
      if ((length >> (3 - plane)) & 1) into[byte + 16 * (1 + plane)]! |= bit;
  }
}

/** For each byte of a row and each value of it, what its eight dimensions add. */
function tableOf(query: Float32Array, lengths: Uint8Array, rowBytes: number): Int32Array {
  const table = new Int32Array(rowBytes * 256);
  for (let byte = 0; byte < rowBytes; byte++) {
    const start = byte * 256;
    for (let bit = 0; bit < 8; bit++)
      if (!(query[byte * 8 + bit]! > 0)) table[start]! += lengths[byte * 8 + bit] ?? 0;
    for (let value = 1; value < 256; value++) {
      const dimension = byte * 8 + 31 - Math.clz32(value & -value);
      const length = lengths[dimension] ?? 0;
      table[start + value] =
        table[start + (value & (value - 1))]! + (query[dimension]! > 0 ? length : -length);
    }
  }
  return table;
}

/** The best `size` of what is offered, by integer scores from 0 to `highest`, in bounded memory: pruned when full. */
export class Candidates {
  /** What is not above it cannot be among the best. */
  threshold = -1;
  readonly #size: number;
  readonly #histogram: Int32Array;
  readonly #scores: Int32Array;
  readonly #locations: Float64Array;
  #count = 0;

  constructor(size: number, highest: number) {
    this.#size = size;
    this.#histogram = new Int32Array(highest + 1);
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
    const histogram = this.#histogram.fill(0);
    for (let index = 0; index < this.#count; index++) histogram[this.#scores[index]!]!++;
    let edge = histogram.length - 1;
    let above = 0;
    while (above + histogram[edge]! < this.#size) above += histogram[edge--]!;
    let ties = this.#size - above;
    let kept = 0;
    for (let index = 0; index < this.#count; index++) {
      const score = this.#scores[index]!;
      if (score < edge || (score === edge && ties-- <= 0)) continue;
      this.#scores[kept] = score;
      this.#locations[kept++] = this.#locations[index]!;
    }
    this.#count = kept;
    this.threshold = edge;
  }
}

keepShape(new Candidates(1, 1));
