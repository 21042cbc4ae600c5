import { LanePool } from './lane-pool.js';
import type { ChildStats, InitializeRequest, Outcome } from './messages.js';
import { ChildError, type Runtime, type RuntimeLane } from './runtime.js';
import { cutVector, unitVector } from './vectors.js';

/** Words that every model turns into a proper vector: weights that do not are broken. */
const PROBE = 'hello world';

/** Texts to outcomes over the lanes of one runtime: inside the child only. */
export class TextEmbedder {
  readonly tokenLimit: number;
  readonly #runtime: Runtime;
  readonly #normalization: InitializeRequest['normalization'];
  readonly #lanes: LanePool;
  readonly #dimensions: number;
  readonly #cut: InitializeRequest['cut'];
  #texts = 0;
  #tokens = 0;

  constructor(runtime: Runtime, request: InitializeRequest) {
    this.#runtime = runtime;
    this.#normalization = request.normalization;
    this.#dimensions = request.dimensions;
    this.#cut = request.cut;
    this.tokenLimit = Math.min(request.tokenLimit, runtime.trainedTokens);
    this.#lanes = new LanePool(Array.from({ length: request.lanes }, () => runtime.createLane()));
  }

  /** Embeds one known text, so that a broken model is known before the first real one. Throws a ChildError. */
  async probe(): Promise<void> {
    await this.embed([PROBE], (_index, outcome) => {
      if (outcome.kind === 'failed') throw new ChildError('MODEL_INVALID', outcome.message);
      if (outcome.kind === 'too-long')
        throw new ChildError('MODEL_UNSUITABLE', 'it takes less than two words');
    });
    this.#texts = this.#tokens = 0;
  }

  /**
   * Embeds texts on the lanes and calls `settle` as each is done, in any order. Errors of one text are its outcome;
   * running out of memory is thrown, after the others are done.
   */
  async embed(texts: readonly string[], settle: (index: number, outcome: Outcome) => void): Promise<void> {
    const fitting: { tokens: number; work: (lane: RuntimeLane) => Promise<void> }[] = [];
    for (const [index, text] of texts.entries()) {
      const tokens = this.#tokenize(text);
      if (tokens instanceof Error) settle(index, { kind: 'failed', tokens: 0, message: tokens.message });
      else if (tokens.length > this.tokenLimit) settle(index, { kind: 'too-long', tokens: tokens.length });
      else
        fitting.push({
          tokens: tokens.length,
          work: async (lane) => settle(index, await this.#embedOn(lane, tokens)),
        });
    }
    const results = await this.#lanes.run(fitting);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  stats(): ChildStats {
    return { texts: this.#texts, tokens: this.#tokens, contexts: this.#runtime.contexts };
  }

  async #embedOn(lane: RuntimeLane, tokens: Uint32Array): Promise<Outcome> {
    try {
      const whole = await lane.embed(tokens);
      if (whole.length !== this.#runtime.dimensions)
        throw new RangeError(`a vector of ${whole.length} numbers instead of ${this.#runtime.dimensions}`);
      const vector = unitVector(cutVector(whole, this.#dimensions, this.#cut), this.#dimensions);
      this.#texts++;
      this.#tokens += tokens.length;
      return { kind: 'vector', tokens: tokens.length, vector };
    } catch (error) {
      if (error instanceof ChildError) throw error;
      return { kind: 'failed', tokens: tokens.length, message: (error as Error).message };
    }
  }

  #tokenize(text: string): Uint32Array | Error {
    const plain = this.#normalization === 'none' || isAscii(text);
    try {
      return this.#runtime.tokenize(plain ? text : text.normalize('NFD').replace(/\p{Mn}/gu, ''));
    } catch (error) {
      return error as Error;
    }
  }
}

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) return false;
  return true;
}
