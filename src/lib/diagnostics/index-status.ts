import { existsSync } from 'node:fs';
import { openLocalStore } from '../store/local-store.js';
import type { IndexIdentity, Problem, RunNote, StoreBytes, StoreCounts } from '../store/types.js';
import { measureStaleness, type Staleness } from './staleness.js';

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
  /** Null where the folder itself is gone. */
  readonly stale: Staleness | null;
  readonly quarantined: readonly Problem[];
  /** Files left out for a reason of their own; what is ignored or hidden is not kept. */
  readonly skipped: readonly Problem[];
}

/** Reads the state of an index. Errors: INDEX_* and those of the machine. */
export async function indexStatus(
  indexDir: string,
  root?: string,
  signal?: AbortSignal,
): Promise<{ status: IndexStatus; warnings: readonly string[] }> {
  const reader = await openLocalStore(indexDir).openReader();
  try {
    const { identity, modelFile } = reader;
    const folder = root ?? reader.root;
    const counts = reader.counts();
    const problems = [...reader.problems()];
    const status: IndexStatus = {
      root: folder,
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
      stale: existsSync(folder) ? await measureStaleness(reader, folder, indexDir, signal) : null,
      quarantined: problems.filter(({ startLine }) => startLine !== undefined),
      skipped: problems.filter(({ startLine }) => startLine === undefined),
    };
    return { status, warnings: [...reader.warnings] };
  } finally {
    reader.close();
  }
}
