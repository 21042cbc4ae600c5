/** A named stretch of lines: a definition with its comments, or what stands under a heading. */
export interface Span {
  readonly name: string;
  /** 0-based line indexes, inclusive */
  readonly from: number;
  readonly to: number;
}

/**
 * What the structure of a text says about where to cut it. Costs are in chunks: a cut of cost 0.5 before a line is as
 * bad as half a chunk more; one below -1 is made although the chunk would have room.
 */
export interface Layout {
  /** For each line, the cost of a cut before it. */
  readonly cutCosts: Float64Array;
  /** For each line, 1 when a cut before it goes through a run of text, so that the next chunk repeats a little. */
  readonly inRun: Uint8Array;
  /** In the order of their first lines; a span that lies within another comes after it. */
  readonly spans: readonly Span[];
}

/** Both neighbours are that large (as a share of a full chunk): they are kept apart although they would fit together. */
export const LARGE_SHARE = 1 / 3;

/** A cut between two large neighbours. */
export const KEEP_APART = -1.3;
