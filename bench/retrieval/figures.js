/** Without the zero in front, as tables of the docs have it. */
export function figure(/** @type {number} */ value) {
  return value.toFixed(3).replace(/^(-?)0/, '$1');
}

/** A mean with its interval. */
export function estimate(/** @type {{mean: number, low: number, high: number}} */ { mean, low, high }) {
  return `${figure(mean)} (${figure(low)} to ${figure(high)})`;
}
