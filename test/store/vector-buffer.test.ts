import { expect, it } from 'vitest';
import { dot, VectorBuffer } from '#dist/lib/store/vector-buffer.js';
import { randomNumbers } from './fixtures.js';

const random = randomNumbers(5);
const randomFloats = (length: number) => Float32Array.from({ length }, () => random() - 0.5);

it.each([1, 3, 4, 7, 96, 384, 1001, 3584, 16_384, 16_400])(
  'a product of %i dimensions is the same to the last bit in WebAssembly as without it, wherever the vector begins',
  (dimensions) => {
    const withKernel = new VectorBuffer();
    const without = new VectorBuffer(() => undefined);
    const query = randomFloats(dimensions);
    const vectors = randomFloats(3 * dimensions + 5);
    for (const buffer of [withKernel, without]) {
      // The query is there before the memory is, and has to be there when it has become larger.
      expect(buffer.setQuery(query)).toBe(Math.sqrt(dot(query, query, 0)));
      buffer.ensure(4 * dimensions);
      buffer.ensure(vectors.byteLength);
      buffer.floats.set(vectors);
    }
    for (const start of [0, 1, dimensions + 2, 2 * dimensions + 5]) {
      const product = withKernel.dotAt(start);
      expect(product).toBe(without.dotAt(start));
      const exact = query.reduce((sum, value, index) => sum + value * vectors[start + index]!, 0);
      expect(product).toBeCloseTo(exact, 8);
    }
    // Another query in the same memory, also a shorter one.
    for (const other of [randomFloats(dimensions), randomFloats(Math.max(1, dimensions - 1))]) {
      withKernel.setQuery(other);
      expect(withKernel.dotAt(1)).toBe(dot(other, vectors, 1));
    }
  },
);

it('what stands behind a vector, which may be no number, counts for nothing', () => {
  const buffer = new VectorBuffer();
  buffer.ensure(64);
  buffer.floats.fill(Number.NaN).set([1, 2, 3, 4, 5, 6]);
  buffer.setQuery(Float32Array.of(1, 1, 1, 1, 1, 1));
  expect(buffer.dotAt(0)).toBe(21);
});
