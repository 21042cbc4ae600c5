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

/** Added to the variance, as PyTorch's layer_norm does. */
const LAYER_NORM_EPSILON = 1e-5;

/**
 * The first `dimensions` numbers of a vector, after its layer normalisation (mean 0, variance 1 over all of it) where
 * the model asks for that. Source: the card of nomic-embed-text-v1.5; torch.nn.functional.layer_norm without weights.
 */
export function cutVector(
  values: ArrayLike<number>,
  dimensions: number,
  cut: 'plain' | 'layer-norm',
): ArrayLike<number> {
  if (values.length === dimensions) return values;
  const first = Float64Array.from({ length: dimensions }, (_, index) => values[index]!);
  if (cut === 'plain') return first;
  let mean = 0;
  for (let index = 0; index < values.length; index++) mean += values[index]! / values.length;
  let variance = 0;
  for (let index = 0; index < values.length; index++)
    variance += (values[index]! - mean) ** 2 / values.length;
  const scale = 1 / Math.sqrt(variance + LAYER_NORM_EPSILON);
  return first.map((value) => (value - mean) * scale);
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
