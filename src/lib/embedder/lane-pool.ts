import type { RuntimeLane } from './runtime.js';

/** Work on one text, once there is a lane for it. */
type Work = (lane: RuntimeLane) => Promise<void>;

interface Waiting {
  readonly tokens: number;
  readonly work: Work;
}

interface PooledLane {
  readonly lane: RuntimeLane;
  readonly longestFirst: boolean;
}

/**
 * Gives texts that wait to lanes that are free. Every second lane takes the longest one, the others the shortest: so
 * two lanes seldom hold the output buffers of a long text (vocabulary x tokens x 4 bytes) at the same time.
 * A text of middle length waits at most until the rest of what waits with it is done.
 */
export class LanePool {
  readonly #idle: PooledLane[];
  readonly #waiting: Waiting[] = [];

  constructor(lanes: readonly RuntimeLane[]) {
    this.#idle = lanes.map((lane, index) => ({ lane, longestFirst: index % 2 === 1 }));
  }

  /** Does the works of one request, each on its lane; settled when all of them are, in their order. */
  run(
    texts: readonly { readonly tokens: number; readonly work: Work }[],
  ): Promise<PromiseSettledResult<void>[]> {
    const results = texts.map(
      ({ tokens, work }) =>
        new Promise<void>((resolve, reject) => {
          this.#waiting.push({ tokens, work: (lane) => work(lane).then(resolve, reject) });
        }),
    );
    this.#distribute();
    return Promise.allSettled(results);
  }

  #distribute(): void {
    while (this.#waiting.length > 0) {
      const lane = this.#idle.shift();
      if (lane === undefined) return;
      void this.#take(lane.longestFirst)
        .work(lane.lane)
        .finally(() => {
          this.#idle.push(lane);
          this.#distribute();
        });
    }
  }

  #take(longest: boolean): Waiting {
    let best = 0;
    for (const [index, { tokens }] of this.#waiting.entries()) {
      const { tokens: most } = this.#waiting[best]!;
      if (longest ? tokens > most : tokens < most) best = index;
    }
    return this.#waiting.splice(best, 1)[0]!;
  }
}
