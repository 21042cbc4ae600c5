import { EmbedSearchError } from '../errors.js';
import type { IndexOutcome } from '../indexing/types.js';
import type { IndexedRoot } from './indexed-root.js';
import { placeOf } from './roots.js';
import { UPDATE_INPUT, UPDATE_OUTPUT } from './schemas.js';
import type { Tool } from './tool.js';
import type { Answer, Call } from './types.js';
import type { Workspace } from './workspace.js';

interface UpdateArguments {
  readonly path?: string;
}

export const updateIndex: Tool<UpdateArguments> = {
  name: 'update_index',
  title: 'Bring the index up to date',
  description:
    'Make the index, or bring it up to date with the files. Use it when a search says not-indexed or stale. Words can ' +
    'be searched within seconds, while it runs; a call while a run is on joins it.',
  inputSchema: UPDATE_INPUT,
  outputSchema: UPDATE_OUTPUT,
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  run: update,
};

async function update(workspace: Workspace, args: UpdateArguments, call: Call): Promise<Answer> {
  const roots = args.path === undefined ? workspace.roots : [placeOf(workspace.roots, args.path).root];
  const results: Record<string, unknown>[] = [];
  const lines: string[] = [];
  for (const root of roots) {
    try {
      const run = await root.startUpdate(false);
      const { result, error } = await run.join(call.signal, call.onProgress);
      results.push(structuredOutcome(root, { result, error, warnings: [] }));
      lines.push(describe(result, error));
    } catch (error) {
      call.signal.throwIfAborted();
      if (!(error instanceof EmbedSearchError)) throw error;
      results.push({ root: root.folder, state: 'failed', error: documentOf(error) });
      lines.push(`${root.folder} was not indexed: ${error.message}\n${error.fix}`);
    }
  }
  return { structured: { roots: results }, text: lines.join('\n') };
}

function structuredOutcome(root: IndexedRoot, { result, error }: IndexOutcome): Record<string, unknown> {
  const { seen, indexed, unchanged, removed, skipped } = result.files;
  const { embedded, total, withVectors } = result.chunks;
  return {
    root: root.folder,
    state: error ? 'in-part' : 'done',
    seconds: result.seconds,
    files: { seen, indexed, unchanged, removed, skipped },
    chunks: { embedded, removed: result.chunks.removed, total, withVectors },
    ...(error ? { error: documentOf(error) } : {}),
  };
}

function describe(
  { root, files, chunks, seconds }: IndexOutcome['result'],
  error: EmbedSearchError | null,
): string {
  const done =
    `${root} is ${error ? 'indexed in part' : 'up to date'}: ${files.indexed} files new or changed, ` +
    `${files.removed} removed, ${files.unchanged} unchanged; ${chunks.total} chunks, ${chunks.withVectors} with ` +
    `vectors; ${seconds} s.`;
  return error ? `${done}\n${error.message}\n${error.fix}` : done;
}

function documentOf({ code, message, fix }: EmbedSearchError): Record<string, unknown> {
  return { code, message, fix };
}
