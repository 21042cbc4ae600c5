import { type Dot, makeDotKernel } from './dot-kernel.js';
import { ReadBuffer } from './shard-file.js';

/** In front of what is read. */
const QUERY_BYTES = 64 * 1024;

/** Where vectors are read into to be scored against a query: in the memory of the kernel, where there can be one. */
export class VectorBuffer extends ReadBuffer {
  readonly #makeKernel: typeof makeDotKernel;
  #dot: Dot | undefined;
  #query: Float32Array = new Float32Array(0);
  #fours = 0;

  constructor(make: typeof makeDotKernel = makeDotKernel) {
    super();
    this.#makeKernel = make;
  }

  /** What is scored from now on is scored against this one. Returns its length, the root of the sum of its squares. */
  setQuery(query: Float32Array): number {
    this.#query = query;
    this.#fours = query.length >> 2;
    this.#placeQuery();
    return Math.sqrt(dot(query, query, 0));
  }

  /** The product of the query and the vector that begins at `floats[start]`. */
  dotAt(start: number): number {
    const { floats } = this;
    if (this.#dot === undefined) return dot(this.#query, floats, start);
    let product = this.#fours === 0 ? 0 : this.#dot(floats.byteOffset + 4 * start, 0, this.#fours);
    for (let index = 4 * this.#fours; index < this.#query.length; index++)
      product += this.#query[index]! * floats[start + index]!;
    return product;
  }

  protected override allocate(bytes: number): Float32Array<ArrayBuffer> {
    const kernel = this.#makeKernel(QUERY_BYTES + bytes);
    this.#dot = kernel?.dot;
    if (kernel === undefined) return super.allocate(bytes);
    const floats = new Float32Array(kernel.memory, QUERY_BYTES, bytes / 4);
    this.#placeQuery(floats);
    return floats;
  }

  #placeQuery({ buffer } = this.floats): void {
    if (this.#query.byteLength > QUERY_BYTES) this.#dot = undefined;
    else if (this.#dot !== undefined) new Float32Array(buffer, 0, this.#query.length).set(this.#query);
  }
}

/** Four sums at a time: V8 does not reorder one, and would wait for each addition. */
export function dot(query: Float32Array, floats: Float32Array, start: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const rest = query.length & ~3;
  for (let index = 0; index < rest; index += 4) {
    a += query[index]! * floats[start + index]!;
    b += query[index + 1]! * floats[start + index + 1]!;
    c += query[index + 2]! * floats[start + index + 2]!;
    d += query[index + 3]! * floats[start + index + 3]!;
  }
  let product = a + b + (c + d);
  for (let index = rest; index < query.length; index++) product += query[index]! * floats[start + index]!;
  return product;
}
