import { EmbedSearchError } from '../errors.js';
import type { WalkOptions } from '../corpus/types.js';
import { openLocalStore } from '../store/local-store.js';
import type { StoreReader } from '../store/types.js';
import { compareFiles, isAsKnown } from './compare-files.js';
import { tokenCounter } from './count-tokens.js';
import { writeWords } from './write-words.js';

export interface RefreshOptions {
  /** The folder that was indexed; it must be the index's own. */
  readonly root: string;
  readonly indexDir: string;
  /** Milliseconds for all of it: finding what has changed, reading it and committing its words. */
  readonly budgetMs: number;
  /** Only these paths and what is below them (relative to the root): for a caller that watches. Default: the whole folder. */
  readonly only?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RefreshOutcome {
  /**
   * `fresh`: nothing had changed. `refreshed`: all that had changed is in. `locked`: another writer is at work (it may
   * be taking in the same files). `over-budget`: it would have taken longer, or the look at the files already did.
   * `damaged`: the index is to be made anew, which is a matter of `indexFolder`.
   */
  readonly state: 'fresh' | 'refreshed' | 'locked' | 'over-budget' | 'damaged';
  /** The generation that a reader opened from now on sees, at the least. */
  readonly generation: number;
  readonly indexed: number;
  readonly removed: number;
  /** Paths that are not as the index has them, as far as was looked: what a query answers from is older there. */
  readonly stale: readonly string[];
  /** Was every file looked at? False: there may be more that is stale. */
  readonly isWhole: boolean;
  readonly milliseconds: number;
}

/** Bytes of text cut into chunks and put into the word index in a millisecond, on a slow machine. */
const BYTES_PER_MILLISECOND = 250;
/** Opening the index for writing and committing to it, milliseconds. */
const COMMIT_MILLISECONDS = 60;
/** So many paths are a branch switch, which no budget of a query is meant for. */
const MOST_CHANGES = 500;

/**
 * Takes the words of changed files into an index, as long as that fits a budget: what a server does before a search.
 * Vectors are left to the next `indexFolder`; until then the changed chunks are found by their words. The lock is taken
 * only where something has changed, and never waited for. Walks by the rules of the last run.
 * Errors: INDEX_* but INDEX_LOCKED, PATH_NOT_FOUND, and those of the machine.
 */
export async function refreshWords(options: RefreshOptions): Promise<RefreshOutcome> {
  const started = performance.now();
  const deadline = started + options.budgetMs;
  const store = openLocalStore(options.indexDir);
  const reader = await store.openReader();
  let changes: Changes;
  let walk: WalkOptions;
  try {
    walk = walkOf(options, reader);
    changes = await findChanges(reader, walk, deadline, options.signal);
  } finally {
    reader.close();
  }
  const outcome = (more: Pick<RefreshOutcome, 'state'> & Partial<RefreshOutcome>): RefreshOutcome => ({
    generation: reader.generation,
    indexed: 0,
    removed: 0,
    stale: changes.paths,
    isWhole: changes.isWhole && options.only === undefined,
    milliseconds: Math.round(performance.now() - started),
    ...more,
  });
  if (changes.paths.length === 0) return outcome({ state: changes.isWhole ? 'fresh' : 'over-budget' });
  const needed = COMMIT_MILLISECONDS + changes.bytes / BYTES_PER_MILLISECOND;
  if (!changes.isWhole || performance.now() + needed > deadline) return outcome({ state: 'over-budget' });

  try {
    const writer = await store.openWriter({ root: options.root, isSmall: true });
    try {
      const { indexed, removed } = await writeWords(writer, {
        walk: { ...walk, only: changes.paths },
        tokenCounter,
        signal: options.signal,
        onFile: () => {},
        onSkipped: () => {},
      });
      return outcome({ state: 'refreshed', generation: writer.generation, indexed, removed, stale: [] });
    } finally {
      await writer.close();
    }
  } catch (error) {
    const code = error instanceof EmbedSearchError ? error.code : undefined;
    if (code === 'INDEX_LOCKED') return outcome({ state: 'locked' });
    if (code === 'INDEX_DAMAGED') return outcome({ state: 'damaged' });
    throw error;
  }
}

interface Changes {
  /** Relative to the root. */
  readonly paths: string[];
  /** Of what has to be read. */
  bytes: number;
  isWhole: boolean;
}

function walkOf({ root, indexDir, only }: RefreshOptions, reader: StoreReader): WalkOptions {
  return { ...reader.lastRun?.walk, root, neverEnter: [indexDir], ...(only === undefined ? {} : { only }) };
}

async function findChanges(
  reader: StoreReader,
  walk: WalkOptions,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Changes> {
  const changes: Changes = { paths: [], bytes: 0, isWhole: false };
  for await (const difference of compareFiles(reader, walk)) {
    signal?.throwIfAborted();
    if (performance.now() > deadline || changes.paths.length > MOST_CHANGES) return changes;
    if (difference.kind === 'gone') changes.paths.push(difference.path);
    if (difference.kind !== 'look') continue;
    const { file } = difference;
    if (await isAsKnown(reader, difference)) continue;
    changes.paths.push(file.path);
    changes.bytes += file.size;
  }
  changes.isWhole = true;
  return changes;
}
