/** How far from 1 the length of a vector that arrives may be: Float32 rounding is a thousand times smaller. */
const NORM_TOLERANCE = 1e-3;

/** `values` at unit length as Float32. Throws a RangeError where they make no vector: not finite, or all zero. */
export function unitVector(values: ArrayLike<number>, dimensions: number): Float32Array {
  if (values.length !== dimensions)
    throw new RangeError(`a vector of ${values.length} numbers instead of ${dimensions}`);
  let sum = 0;
  for (let index = 0; index < dimensions; index++) sum += values[index]! * values[index]!;
  const norm = Math.sqrt(sum);
  if (!Number.isFinite(norm)) throw new RangeError('a vector with numbers that are not finite');
  if (norm < 1e-12) throw new RangeError('a vector of zeros');
  const unit = new Float32Array(dimensions);
  for (let index = 0; index < dimensions; index++) unit[index] = values[index]! / norm;
  return unit;
}

/** What is wrong with a vector that should have unit length, or null. */
export function vectorFault(vector: Float32Array, dimensions: number): string | null {
  if (vector.length !== dimensions) return `${vector.length} numbers instead of ${dimensions}`;
  let sum = 0;
  for (const value of vector) sum += value * value;
  const norm = Math.sqrt(sum);
  // Written so that NaN is a fault too.
  return Math.abs(norm - 1) <= NORM_TOLERANCE ? null : `length ${norm} instead of 1`;
}
