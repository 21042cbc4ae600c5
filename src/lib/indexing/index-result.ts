import { saysKilled } from '../embedder/session-end.js';
import type { EmbedderStats } from '../embedder/types.js';
import { EmbedSearchError } from '../errors.js';
import { memoryReport } from '../memory.js';
import type { ModelSpec } from '../models/types.js';
import type { StoreWriter } from '../store/types.js';
import type { EmbeddingPhase } from './embedding-phase.js';
import type { IndexResult, QuarantinedChunk, SkippedFile } from './types.js';
import type { WordsOutcome } from './write-words.js';

/** What the parts of a run came to. */
export interface RunFacts {
  readonly root: string;
  readonly indexDir: string;
  /** Null where it could not be used. */
  readonly spec: ModelSpec | null;
  readonly words: WordsOutcome;
  readonly skipped: readonly SkippedFile[];
  readonly quarantined: readonly QuarantinedChunk[];
  /** Undefined where no text had to be embedded. */
  readonly embedding: EmbeddingPhase | undefined;
  /** Of its embedder, after it. */
  readonly stats: EmbedderStats | undefined;
  readonly milliseconds: number;
}

/** The result of a run over what the store has now. */
export function indexResult(store: StoreWriter, facts: RunFacts): IndexResult {
  const { root, indexDir, spec, words, embedding, stats } = facts;
  const embedded = embedding?.embedded ?? 0;
  const counts = store.counts();
  return {
    root,
    indexDir,
    generation: store.generation,
    model: spec && { id: spec.id, sha256: spec.sha256, dimensions: spec.dimensions },
    files: {
      seen: words.seen,
      indexed: words.indexed,
      unchanged: words.unchanged,
      removed: words.removed,
      skipped: words.skipped,
    },
    skipped: facts.skipped,
    chunks: {
      embedded,
      reused: Math.max(0, counts.withVectors - embedded),
      removed: words.chunksRemoved,
      total: counts.chunks,
      withVectors: counts.withVectors,
    },
    quarantined: facts.quarantined,
    restarts: (stats?.status.restarts ?? 0) - (embedding?.restartsBefore ?? 0),
    seconds: Math.round(facts.milliseconds) / 1000,
    embeddingSeconds: Math.round(embedding?.milliseconds ?? 0) / 1000,
    memory: memoryReport(stats),
  };
}

/** The chunks that have words and no vector, for a reason that holds. */
export function quarantinedChunks(store: StoreWriter): QuarantinedChunk[] {
  const chunks: QuarantinedChunk[] = [];
  for (const { path, startLine, endLine, reason } of store.problems()) {
    if (startLine !== undefined && endLine !== undefined) chunks.push({ path, startLine, endLine, reason });
  }
  return chunks;
}

export function doneInPart(quarantined: readonly QuarantinedChunk[]): EmbedSearchError | null {
  const first = quarantined[0];
  if (!first) return null;
  const where = `${first.path}:${first.startLine}`;
  const others = quarantined.length > 1 ? ` and ${quarantined.length - 1} more` : '';
  return new EmbedSearchError(
    'DONE_IN_PART',
    `${quarantined.length === 1 ? '1 chunk has' : `${quarantined.length} chunks have`} no vector: ${where} (${first.reason})${others}.`,
    {
      fix: quarantined.some(({ reason }) => saysKilled(reason))
        ? 'Run the command again: where the embedder was killed, it may be given the text once more.'
        : 'Everything else can be found by meaning, and these by their words. Another runtime (--runtime) may take them, or another model.',
    },
  );
}
