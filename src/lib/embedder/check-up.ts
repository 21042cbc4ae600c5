import type { MemoryVerdict } from './memory-guard.js';
import { MemoryWatch } from './memory-watch.js';
import type { ModelFile } from './model-file.js';
import type { Workload } from './workload.js';

/** What a look at a child came to. */
export interface Finding {
  /** A fresh child is to take its place. */
  readonly recycle: boolean;
  /** Why it is not healthy from now on. */
  readonly trouble: string | null;
}

const FINE: Finding = { recycle: false, trouble: null };

/** Looks at a child between requests, now and then: is it still small, and its model file the one that was loaded? */
export class CheckUp {
  readonly #memory: MemoryWatch;
  readonly #modelFile: ModelFile;
  readonly #workload: Workload;
  /** The child that is to be recycled as soon as its requests are done: it was judged already. */
  #condemned: number | null = null;

  constructor(everyMs: number, modelFile: ModelFile, workload: Workload) {
    this.#memory = new MemoryWatch(everyMs);
    this.#modelFile = modelFile;
    this.#workload = workload;
  }

  /** `texts` is how many were embedded by all children so far; the workload shrinks where memory cannot be kept. */
  async look(
    pid: number | null,
    texts: number,
    limit: { readonly bytes: number; readonly modelBytes: number },
  ): Promise<Finding> {
    if (pid === null || pid === this.#condemned || !this.#memory.isDue()) return FINE;
    const verdict = this.#memory.look(pid, texts, limit);
    const finding = this.#judge(verdict, limit.bytes);
    if (finding.recycle) this.#condemned = pid;
    // The next start finds out whether only its time has changed.
    return (await this.#modelFile.isUntouched()) ? finding : { ...finding, recycle: true };
  }

  #judge(verdict: MemoryVerdict, limitBytes: number): Finding {
    if (verdict === 'reduce') return this.#useLess(limitBytes);
    return { recycle: verdict === 'recycle', trouble: null };
  }

  #useLess(bytes: number): Finding {
    const limit = `its memory limit of ${bytes} bytes`;
    if (this.#workload.reduce()) {
      const { lanes } = this.#workload;
      const trouble = `The embedder uses ${lanes} ${lanes === 1 ? 'lane' : 'lanes'} to stay under ${limit}.`;
      return { recycle: true, trouble };
    }
    const most = this.#memory.raise();
    return {
      recycle: false,
      trouble: `The embedder cannot stay under ${limit}, even with one lane; it may take ${most}.`,
    };
  }
}
