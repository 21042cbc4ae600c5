import { existsSync } from 'node:fs';
import { indexCommand } from '../indexing/index-command.js';
import { openLocalStore } from '../store/local-store.js';
import type {
  IndexIdentity,
  Problem,
  RunNote,
  StoreBytes,
  StoreCounts,
  StoreReader,
} from '../store/types.js';
import { measureStaleness, type Staleness } from './staleness.js';

/** How many chunks and files of each kind a status names; the rest is counted. */
const PROBLEMS_LISTED = 1_000;

/** What is indexed, by which model, how far and how large: the result of `status`. */
export interface IndexStatus {
  readonly root: string;
  readonly indexDir: string;
  readonly generation: number;
  readonly files: number;
  readonly chunks: number;
  readonly coverage: Pick<StoreCounts, 'chunks' | 'withVectors'>;
  readonly languages: readonly {
    readonly language: string;
    readonly files: number;
    readonly chunks: number;
  }[];
  readonly model:
    (Pick<IndexIdentity, 'dimensions'> & { id: string; sha256: string; path: string | null }) | null;
  readonly lastRun: RunNote | null;
  readonly bytes: StoreBytes;
  /** What brings it up to date by the rules of the last run. */
  readonly indexCommand: string;
  /** Null where the folder itself is gone. */
  readonly stale: Staleness | null;
  /** At most PROBLEMS_LISTED; `quarantinedCount` has them all. */
  readonly quarantined: readonly Problem[];
  readonly quarantinedCount: number;
  /** Files left out for a reason of their own; what is ignored or hidden is not kept. Listed as the ones above. */
  readonly skipped: readonly Problem[];
  readonly skippedCount: number;
}

/** Reads the state of an index. Errors: INDEX_* and those of the machine. */
export async function indexStatus(
  indexDir: string,
  root?: string,
  signal?: AbortSignal,
): Promise<{ status: IndexStatus; warnings: readonly string[] }> {
  const reader = await openLocalStore(indexDir).openReader();
  try {
    reader.missingShards();
    const status = await statusFrom(reader, indexDir, root ?? reader.root, signal);
    return { status, warnings: [...reader.warnings] };
  } finally {
    reader.close();
  }
}

async function statusFrom(
  reader: StoreReader,
  indexDir: string,
  root: string,
  signal?: AbortSignal,
): Promise<IndexStatus> {
  const { identity, modelFile } = reader;
  const counts = reader.counts();
  return {
    root,
    indexDir,
    generation: reader.generation,
    files: counts.files,
    chunks: counts.chunks,
    coverage: { chunks: counts.chunks, withVectors: counts.withVectors },
    languages: reader.countsByLanguage(),
    model: identity && {
      id: identity.modelId,
      sha256: identity.modelSha256,
      dimensions: identity.dimensions,
      path: modelFile?.path ?? null,
    },
    lastRun: reader.lastRun,
    bytes: await reader.bytes(),
    indexCommand: indexCommand({ root, indexDir, walk: reader.lastRun?.walk }),
    stale: existsSync(root) ? await measureStaleness(reader, root, indexDir, signal) : null,
    ...problemsOf(reader),
  };
}

function problemsOf(
  reader: StoreReader,
): Pick<IndexStatus, 'quarantined' | 'quarantinedCount' | 'skipped' | 'skippedCount'> {
  const [quarantined, skipped]: [Problem[], Problem[]] = [[], []];
  let [quarantinedCount, skippedCount] = [0, 0];
  for (const problem of reader.problems()) {
    if (problem.startLine === undefined) {
      if (skippedCount++ < PROBLEMS_LISTED) skipped.push(problem);
    } else if (quarantinedCount++ < PROBLEMS_LISTED) quarantined.push(problem);
  }
  return { quarantined, quarantinedCount, skipped, skippedCount };
}
