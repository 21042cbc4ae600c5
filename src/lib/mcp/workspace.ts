import { EmbedSearchError } from '../errors.js';
import { collectGarbage } from '../memory/collect-garbage.js';
import { SharedEmbedders } from '../search/shared-embedders.js';
import { IndexedRoot } from './indexed-root.js';
import { LIMITS, PATIENCE } from './limits.js';
import { realFolders } from './roots.js';
import { heapTidier } from '../memory/tidy-heap.js';
import { Turnstile } from './turnstile.js';
import type { WorkspaceOptions } from './types.js';

/** What all clients of a server share: the folders, their indexes, and one embedder. */
export class Workspace {
  readonly options: WorkspaceOptions;
  readonly embedders: SharedEmbedders;
  readonly calls = new Turnstile(LIMITS.runningCalls, LIMITS.waitingCalls);
  /** See tidy-heap.ts. */
  readonly callEnded = heapTidier();
  #roots: readonly IndexedRoot[];
  #warm = false;

  /** Errors: PATH_NOT_FOUND, PATH_NOT_A_FOLDER, USAGE. */
  constructor(options: WorkspaceOptions) {
    this.options = options;
    const folders = realFolders(options.folders ?? [options.fallback]);
    if (options.indexDir !== undefined && folders.length > 1) {
      throw new EmbedSearchError('USAGE', '--index-dir names one index, --path several folders.', {
        fix: 'Leave --index-dir out: each folder has its own index.',
      });
    }
    this.embedders = new SharedEmbedders({
      runtime: options.runtime,
      device: options.device,
      lanes: options.lanes,
      memory: options.memory,
      maxEmbedderMemory: options.maxEmbedderMemory,
      startMilliseconds: options.embedderWait,
      answerMilliseconds: Math.max(options.embedderWait, PATIENCE.embedderAnswer),
    });
    this.#roots = folders.map((folder) => this.#root(folder));
  }

  get roots(): readonly IndexedRoot[] {
    return this.#roots;
  }

  /** Takes a client's folders, unless the command line has named some. None leaves everything as it is. */
  useFolders(folders: readonly string[]): void {
    if (this.options.folders !== undefined || folders.length === 0) return;
    const before = new Map(this.#roots.map((root) => [root.folder, root]));
    this.#roots = realFolders(folders).map((folder) => before.get(folder) ?? this.#root(folder));
    for (const [folder, root] of before) {
      if (!this.#roots.some((each) => each.folder === folder)) void root.close();
    }
  }

  /** Begins to start the embedder that the first index needs: a client has shown that it may search. */
  warmUp(): void {
    if (this.#warm || this.options.lazy) return;
    this.#warm = true;
    void (async () => {
      for (const root of this.#roots) {
        await root.use(async (searcher) => searcher.warmUp('hybrid')).catch(() => {});
      }
      // What loading left behind; nobody waits for an answer yet.
      collectGarbage();
    })();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#roots.map((root) => root.close()), this.embedders.close()]);
  }

  #root(folder: string): IndexedRoot {
    return new IndexedRoot(folder, this.options, this.embedders);
  }
}
