import { keepShape } from '../memory/keep-shape.js';
import {
  BLOCK_BYTES,
  GROUP_ROWS,
  HIGHEST_SCORE,
  makeKernel,
  type ScanRows,
  SCRATCH_BYTES,
  TABLE_BYTES,
} from './sketch-kernel.js';

/** The query's lengths are cut to 4 bits: of what four dimensions add, the kernel adds four up in a byte. */
const STEPS = 15;

// The kernel's memory: the bitmap of allowed rows, what it works with, the query's tables, the sketch, and what was found.
const MOST_BITMAP_BYTES = 8 * 1024;
const SCRATCH_AT = MOST_BITMAP_BYTES;
const TABLES_AT = SCRATCH_AT + SCRATCH_BYTES;

interface Kernel {
  readonly scan: ScanRows;
  readonly bytes: Uint8Array;
  readonly numbers: Int32Array;
}

/**
 * Scores sketches against one query after the other. A row is signs only, the query keeps its lengths (asymmetric
 * distance: Jégou et al., Product Quantization for Nearest Neighbor Search, 2011), cut to 4 bits: a row's score is the sum of
 * the lengths of the dimensions whose signs agree. It is looked up for four dimensions at a time, in 16 rows at once (as in
 * André et al., Cache locality is not enough: fast scan for product quantization, 2015).
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
    else writeTables(query, lengths, kernel.bytes.subarray(TABLES_AT, sketchAt(rowBytes)));
    return sumOf(lengths);
  }

  /** Where the next sketch has to be before it is scanned. */
  sketch(rows: number): Uint8Array {
    const bytes = sketchBytes(rows, this.#rowBytes);
    const start = sketchAt(this.#rowBytes);
    if (this.#kernel !== undefined) return this.#kernel.bytes.subarray(start, start + bytes);
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
    bytes.fill(0, 0, (rows >> 3) + 2).set(allowed.subarray(0, (rows + 7) >> 3));
    bytes[rows >> 3]! &= (1 << (rows & 7)) - 1; // it reads the bits of whole groups
    const rowBytes = this.#rowBytes;
    const start = sketchAt(rowBytes);
    const out = foundAt(rows, rowBytes);
    const found = scan(
      rows,
      rowBytes,
      blocksOf(rowBytes),
      candidates.threshold + 1,
      start,
      0,
      TABLES_AT,
      SCRATCH_AT,
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
    if (dimensions * STEPS > HIGHEST_SCORE || rows >= (MOST_BITMAP_BYTES - 1) * 8)
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

function blocksOf(rowBytes: number): number {
  return Math.ceil(rowBytes / BLOCK_BYTES);
}

function sketchAt(rowBytes: number): number {
  return TABLES_AT + blocksOf(rowBytes) * BLOCK_BYTES * TABLE_BYTES;
}

/** The kernel reads whole groups of rows, and of the last one whole blocks. */
function sketchBytes(rows: number, rowBytes: number): number {
  return Math.ceil(rows / GROUP_ROWS) * GROUP_ROWS * rowBytes + BLOCK_BYTES;
}

function foundAt(rows: number, rowBytes: number): number {
  return sketchAt(rowBytes) + Math.ceil(sketchBytes(rows, rowBytes) / 4) * 4;
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

/** For each four dimensions and each value of the bits that stand for them, what they add; two tables for each byte of a row. */
function writeTables(query: Float32Array, lengths: Uint8Array, into: Uint8Array): void {
  into.fill(0);
  for (let first = 0; first < query.length; first += 4) {
    const table = first * (TABLE_BYTES / 8);
    for (let value = 0; value < 16; value++) {
      let sum = 0;
      for (let bit = 0; bit < 4 && first + bit < query.length; bit++)
        if (((value >> bit) & 1) === (query[first + bit]! > 0 ? 1 : 0)) sum += lengths[first + bit]!;
      into[table + value] = sum;
    }
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
