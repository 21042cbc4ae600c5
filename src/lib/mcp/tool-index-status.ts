import { existsSync } from 'node:fs';
import type { IndexStatus } from '../diagnostics/index-status.js';
import type { Staleness } from '../diagnostics/staleness.js';
import { EmbedSearchError } from '../errors.js';
import { memoryReport } from '../memory.js';
import type { Searcher } from '../search/searcher.js';
import type { IndexedRoot } from './indexed-root.js';
import { PATIENCE } from './limits.js';
import { STATUS_INPUT, STATUS_OUTPUT } from './schemas.js';
import { READ_ONLY, type Tool } from './tool.js';
import type { Answer } from './types.js';
import type { Workspace } from './workspace.js';

export const indexStatusTool: Tool = {
  name: 'index_status',
  title: 'State of the index',
  description:
    'Say what is indexed, how far, how fresh, by which model, and the memory of the server and its embedder. Use it ' +
    'when a search says degraded, stale or not-indexed and you want to know more.',
  inputSchema: STATUS_INPUT,
  outputSchema: STATUS_OUTPUT,
  annotations: READ_ONLY,
  run: (workspace) => statusAnswer(workspace),
};

const LANGUAGES = 12;

/** The state of all of a server. */
export async function statusAnswer(workspace: Workspace): Promise<Answer> {
  const roots = await Promise.all(workspace.roots.map(rootStatus));
  const stats = await workspace.embedders.stats();
  const { host, embedder } = memoryReport(stats);
  const status = workspace.embedders.status();
  const structured = {
    version: workspace.options.version,
    roots,
    embedder: {
      state: status?.state ?? 'idle',
      health: status?.health ?? 'healthy',
      ...(status?.reason === undefined ? {} : { reason: status.reason }),
      restarts: status?.restarts ?? 0,
    },
    memory: {
      hostBytes: host.rssBytes,
      hostPeakBytes: host.peakRssBytes,
      heapBytes: host.v8HeapUsedBytes,
      ...known('embedderBytes', embedder?.rssBytes),
      ...known('embedderAnonymousBytes', embedder?.anonymousBytes),
      ...known('embedderFileBackedBytes', embedder?.fileBackedBytes),
    },
    calls: { running: workspace.calls.running, waiting: workspace.calls.waiting },
  };
  const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MB`;
  const lines = [
    ...roots.map(describe),
    `embedder: ${structured.embedder.state}${status?.reason === undefined ? '' : ` (${status.reason})`}`,
    `memory: server ${megabytes(host.rssBytes)}` +
      (embedder?.rssBytes ? `, embedder ${megabytes(embedder.rssBytes)}` : ''),
  ];
  return { structured, text: lines.join('\n') };
}

interface RootStatus extends Record<string, unknown> {
  readonly root: string;
  readonly state: 'ready' | 'not-indexed' | 'being-indexed' | 'unusable';
}

async function rootStatus(root: IndexedRoot): Promise<RootStatus> {
  const progress = root.update === undefined ? {} : { progress: root.update.progress.message };
  try {
    const status = await statusOf(root);
    if (status !== undefined) {
      return {
        root: root.folder,
        state: root.update === undefined ? 'ready' : 'being-indexed',
        ...progress,
        ...status,
      };
    }
    if (root.update !== undefined) return { root: root.folder, state: 'being-indexed', ...progress };
    return { root: root.folder, state: 'not-indexed', fix: 'Call update_index, or run: embed-search index' };
  } catch (error) {
    if (!(error instanceof EmbedSearchError)) throw error;
    const { code, message, fix } = error;
    return { root: root.folder, state: 'unusable', error: { code, message, fix } };
  }
}

/** What is in the index, and, where that can be told soon, what is stale. */
async function statusOf(root: IndexedRoot): Promise<Record<string, unknown> | undefined> {
  return root.use(async (searcher) => {
    const status = await searcher.use((reader) => summary(reader, searcher.indexDir));
    return { ...status, ...known('stale', await stalenessOf(searcher)) };
  });
}

async function stalenessOf(searcher: Searcher): Promise<Staleness | undefined> {
  const { root, indexDir } = searcher;
  if (!existsSync(root)) return undefined;
  const { measureStaleness } = await import('../diagnostics/staleness.js');
  const signal = AbortSignal.timeout(PATIENCE.staleness);
  try {
    return await searcher.use((reader) => measureStaleness(reader, root, indexDir, signal));
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function summary(reader: Searcher['reader'], indexDir: string): Promise<Record<string, unknown>> {
  const { generation, identity, lastRun } = reader;
  const { files, chunks, withVectors } = reader.counts();
  const bytes = await reader.bytes();
  reader.missingShards();
  const { warnings } = reader;
  return {
    indexDir,
    generation,
    files,
    chunks,
    coverage: { chunks, withVectors },
    languages: reader.countsByLanguage().slice(0, LANGUAGES),
    ...(identity === null ? {} : { model: { id: identity.modelId, dimensions: identity.dimensions } }),
    ...(lastRun === null
      ? {}
      : {
          lastRun: {
            outcome: lastRun.outcome,
            startedAt: lastRun.startedAt,
            ...known('endedAt', lastRun.endedAt),
            ...known('detail', lastRun.detail),
          },
        }),
    bytes: bytes.total,
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function describe(status: RootStatus): string {
  const { root, state } = status;
  const { chunks, files, coverage, stale, error, progress, fix, model, warnings } =
    status as Partial<IndexStatus> & {
      error?: { message: string; fix: string };
      warnings?: readonly string[];
      progress?: string;
      fix?: string;
    };
  const parts = [`${root}: ${state}`];
  if (chunks !== undefined && coverage) {
    parts.push(
      `${files} files, ${chunks} chunks, ${coverage.withVectors} with vectors, model ${model?.id ?? 'none yet'}`,
    );
  }
  if (stale)
    parts.push(`since the last update ${stale.changed} changed, ${stale.added} new, ${stale.removed} gone`);
  if (warnings) parts.push(...warnings.map((warning) => `warning: ${warning}`));
  if (progress !== undefined) parts.push(progress);
  if (error) parts.push(`${error.message} ${error.fix}`);
  if (fix !== undefined) parts.push(fix);
  return parts.join('; ');
}

/** A figure that the platform cannot give is left out. */
function known<T>(name: string, value: T | null | undefined): Record<string, T> {
  return value === null || value === undefined ? {} : { [name]: value };
}
