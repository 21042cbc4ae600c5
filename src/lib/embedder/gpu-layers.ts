/** What is kept free of a device's memory: for its driver's own use, and for the screen. */
const RESERVED_BYTES = 256 * 1024 * 1024;
/** What a context's buffers are given on the device for each lane. */
const LANE_BYTES = 128 * 1024 * 1024;

export interface GpuQuestion {
  /** Layers of the model, its output not counted; null where the file does not say. */
  readonly layers: number | null;
  readonly modelBytes: number;
  /** Memory of the device that is free now. */
  readonly freeBytes: number;
  readonly lanes: number;
}

/**
 * How many layers, the output counted as one more, fit the memory of a device that is free. A layer is taken for its
 * share of the file, which is a little more than it is: the file also holds the table of tokens.
 */
export function layersThatFit({ layers, modelBytes, freeBytes, lanes }: GpuQuestion): number {
  const room = freeBytes - RESERVED_BYTES - lanes * LANE_BYTES;
  if (room <= 0) return 0;
  // A file that does not say how many layers it has is taken whole or not at all.
  if (layers === null) return room >= modelBytes ? 999 : 0;
  const all = layers + 1;
  return Math.min(all, Math.floor(room / (modelBytes / all)));
}
