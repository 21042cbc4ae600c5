import { setTimeout as delay } from 'node:timers/promises';
import type { IndexedRoot } from './indexed-root.js';
import { PATIENCE } from './limits.js';
import type { Answer } from './types.js';
import type { Workspace } from './workspace.js';

/**
 * Of roots that have no index: with --auto-index a run is started, and its first words are waited for. Gives back
 * whether it is worth to look again.
 */
export async function beginIndexes(
  workspace: Workspace,
  roots: readonly IndexedRoot[],
  signal: AbortSignal,
): Promise<boolean> {
  if (!workspace.options.autoIndex) return false;
  const runs = await Promise.all(roots.map((root) => root.startUpdate(true)));
  const patience = delay(PATIENCE.firstWords, undefined, { ref: false, signal }).catch(() => {});
  await Promise.race([Promise.all(runs.map((run) => run.wordsReady)), patience]);
  signal.throwIfAborted();
  return true;
}

/** An answer that nobody can take for "nothing found". */
export function notSearched(roots: readonly IndexedRoot[]): Answer {
  const folders = roots.map(({ folder }) => folder).join(' and ');
  const running = roots.find(({ update }) => update !== undefined)?.update;
  const fix = running
    ? `It is being indexed now (${running.progress.message}); ask again in a few seconds.`
    : 'Call update_index once, or run: embed-search index. Until then search by other means.';
  return {
    structured: {
      state: running ? 'being-indexed' : 'not-indexed',
      hits: [],
      omittedSnippets: 0,
      fix,
    },
    text: `NOT SEARCHED: ${folders} has no index yet, so this says nothing about what is there.\n${fix}`,
  };
}
