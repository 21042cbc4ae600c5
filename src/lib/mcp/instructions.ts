import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { INDEX_FOLDER } from '../config.js';
import type { Workspace } from './workspace.js';

/** What a client's model is told before its first call: made from what the file system says, so that nothing is loaded. */
export function instructions(workspace: Workspace): string {
  const states = workspace.roots.map(({ folder }) => {
    const database = databaseOf(folder, workspace.options.indexDir);
    const stat = database === undefined ? undefined : statSync(database, { throwIfNoEntry: false });
    if (!stat)
      return `${folder}: not indexed yet${workspace.options.autoIndex ? '; the first search indexes it' : '; call update_index once'}.`;
    return `${folder}: indexed, last written ${stat.mtime.toISOString().slice(0, 16).replace('T', ' ')} UTC.`;
  });
  return [
    'embed-search finds code and text of a project by meaning and by words.',
    ...states,
    'Start with search_code when you do not know the place or the name; ask in a sentence. Use grep for exact strings. ' +
      'read_lines shows more of a hit, find_similar finds its like.',
    'An answer that says "degraded" was found by words alone: try it again later or use other words. "stale", ' +
      '"not-indexed" or a warning of missing or damaged vectors: call update_index. Only an answer with state "searched" says that nothing was found.',
  ].join('\n');
}

/** By the same search upwards as a query's. */
function databaseOf(folder: string, indexDir: string | undefined): string | undefined {
  if (indexDir !== undefined) return path.join(indexDir, 'index.db');
  for (let at = folder; ; at = path.dirname(at)) {
    const database = path.join(at, INDEX_FOLDER, 'index.db');
    if (existsSync(database)) return database;
    if (path.dirname(at) === at) return undefined;
  }
}
